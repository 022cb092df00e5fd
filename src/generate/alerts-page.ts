import { yamlText } from '../cli/views/structured-output.ts';
import { ALERTS } from './alerts.ts';
import { ruleFile } from './prometheus-rule.ts';

/** The text of docs/alerts.md: every alert with its runbook, and all of them as Prometheus takes them. Pure. */
export function alertsPage(): string {
  return `${[
    '# Alerts',
    'Generated from `src/generate/alerts.ts`; do not edit.',
    'They go by the metrics of [metrics.md](metrics.md). A test holds that every metric, label and value in them exists, and that each has a page that says what to do. For the Prometheus operator, `deploy/components/monitoring` and the chart (`monitoring.enabled`) have them as a PrometheusRule; the rules [below](#as-prometheus-takes-them) are a rule file.',
    'critical: protection is missing, or nobody keeps it. warning: somebody should look today. info: worth knowing.',
    [
      '| alert | severity | after | when | what to do |',
      '|---|---|---|---|---|',
      ...ALERTS.map(
        (alert) =>
          `| \`${alert.name}\` | ${alert.severity} | ${alert.for} | \`${alert.expr.replaceAll('|', '\\|')}\` | ${runbookLink(alert.runbook)} |`,
      ),
    ].join('\n'),
    '## As Prometheus takes them',
    `\`\`\`yaml\n${yamlText(ruleFile())}\`\`\``,
  ].join('\n\n')}\n`;
}

/** A link from a page in docs/ to a runbook. */
function runbookLink(path: string): string {
  const fromDocs = path.replace(/^docs\//, '');
  return `[${fromDocs.replace(/^runbooks\/|\.md$/g, '')}](${fromDocs})`;
}
