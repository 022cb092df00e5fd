import { crdFor, RESOURCE_DEFINITIONS } from '../api/crd/crd.ts';
import { GROUP } from '../api/names.ts';
import { yamlText } from '../cli/views/structured-output.ts';
import { alertsPage } from './alerts-page.ts';
import { cliPage } from './cli-page.ts';
import { conditionsPage } from './conditions-page.ts';
import { configurationPage } from './configuration-page.ts';
import { grafanaDashboard } from './grafana-dashboard.ts';
import { metricsPage } from './metrics-page.ts';
import { outputSchemas } from './output-schemas.ts';
import { prometheusRule } from './prometheus-rule.ts';
import { referenceDocs } from './reference.ts';

const NOTICE = '# Generated from src/api by src/generate/main.ts; do not edit.\n';

/** The text of every generated file, by its path from the root of the project. Pure, so that a check can compare. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const crds = RESOURCE_DEFINITIONS.map((definition) => ({
    file: `${GROUP}_${definition.plural}.yaml`,
    text: NOTICE + yamlText(crdFor(definition)),
  }));
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: crds.map(({ file }) => file),
  };
  return new Map([
    ...crds.map(({ file, text }) => [`crds/${file}`, text] as const),
    // Kustomize reads nothing from outside the folder of its kustomization, hence the same files once more.
    ...crds.map(({ file, text }) => [`deploy/crds/${file}`, text] as const),
    ['deploy/crds/kustomization.yaml', NOTICE + yamlText(kustomization)],
    // A chart reads nothing from outside its folder either.
    ...crds.map(({ file, text }) => [`deploy/chart/files/crds/${file}`, text] as const),
    ...['deploy/components/monitoring', 'deploy/chart/files'].flatMap((folder) => [
      [
        `${folder}/prometheus-rule.yaml`,
        `# Generated from src/generate/alerts.ts by src/generate/main.ts; do not edit.\n${yamlText(prometheusRule())}`,
      ] as const,
      [`${folder}/dashboard.json`, `${JSON.stringify(grafanaDashboard(), null, 2)}\n`] as const,
    ]),
    ...outputSchemas(),
    ['docs/alerts.md', alertsPage()],
    ['docs/api.md', referenceDocs()],
    ['docs/cli.md', cliPage()],
    ['docs/conditions.md', conditionsPage()],
    ['docs/configuration.md', configurationPage()],
    ['docs/metrics.md', metricsPage()],
  ]);
}
