import { ALERTS } from './alerts.ts';

/**
 * Every alert as a rule file of Prometheus has it (https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/).
 * `runbook_url` is a path from the root of the repository; the chart's `monitoring.runbookBase` and an overlay
 * (docs/guides/install.md) make it a link. Pure.
 */
export function ruleFile(): object {
  const rules = ALERTS.map(({ name, expr, for: holdsFor, severity, summary, description, runbook }) => ({
    alert: name,
    expr,
    for: holdsFor,
    labels: { severity },
    annotations: { summary, description, runbook_url: runbook },
  }));
  return { groups: [{ name: 'nsbaseline', rules }] };
}

/** The same for the Prometheus operator (https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PrometheusRule). Pure. */
export function prometheusRule(): object {
  const metadata = {
    name: 'nsbaseline',
    namespace: 'nsbaseline-system',
    labels: { 'app.kubernetes.io/name': 'nsbaseline' },
  };
  return { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata, spec: ruleFile() };
}
