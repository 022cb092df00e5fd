import { yamlText } from '../cli/views/structured-output.ts';
import { ALERTS } from './alerts.ts';
import { ruleFile } from './prometheus-rule.ts';

/** The text of docs/alerts.md: every alert with its runbook, and all of them as a Prometheus rule file. Pure. */
export function alertsPage(): string {
  return `${[
    '# Alerts',
    'Generated from `src/generate/alerts.ts`; do not edit.',
    'The alerts use the metrics of [metrics.md](metrics.md). A test checks that every metric, label and value in them exists, and that each alert has a runbook. For the Prometheus operator, `deploy/components/monitoring` and the chart (`monitoring.enabled`) contain them as a PrometheusRule; [below](#as-a-rule-file) they are a rule file.',
    'Every expression aggregates `by (cluster, namespace, job)`, the labels of one installation: one Prometheus, Thanos or Mimir can evaluate the alerts for several clusters, provided that every series has its cluster in the label `cluster`. A label that your series lack is empty and separates nothing.',
    '`NsbaselineNotReady` and `NsbaselineNoLeader` also fire for an installation that has no series any more, for a day after its last one. After you uninstall the operator from one of several clusters, silence them for a day. When no installation has had a series for a day, they fire without labels.',
    'The annotation `runbook_url` is a path in this repository. The chart value `monitoring.runbookBase`, or [an overlay](guides/install.md#monitoring), puts the address of your copy of it in front.',
    'critical: protection is missing or is not maintained. warning: look at it today. info: worth knowing.',
    [
      '| alert | severity | for | expression | runbook |',
      '|---|---|---|---|---|',
      ...ALERTS.map(
        (alert) =>
          `| \`${alert.name}\` | ${alert.severity} | ${alert.for} | \`${alert.expr.replaceAll('|', '\\|')}\` | ${runbookLink(alert.runbook)} |`,
      ),
    ].join('\n'),
    '## As a rule file',
    `\`\`\`yaml\n${yamlText(ruleFile())}\`\`\``,
  ].join('\n\n')}\n`;
}

/** A link from a page in docs/ to a runbook. */
function runbookLink(path: string): string {
  const fromDocs = path.replace(/^docs\//, '');
  return `[${fromDocs.replace(/^runbooks\/|\.md$/g, '')}](${fromDocs})`;
}
