import { CONDITIONS } from '../api/names.ts';
import { DASHBOARD, type Panel, type Row } from './dashboard.ts';

const SCREEN_WIDTH = 24;
const HEIGHTS: Readonly<Record<Panel['kind'], number>> = { stat: 4, timeseries: 8, table: 8 };
/** The variable of the dashboard that goes before the path of a runbook. */
const RUNBOOK_BASE = 'runbook_base';

/** The dashboard as Grafana takes it (https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/). Pure. */
export function grafanaDashboard(): object {
  return {
    uid: 'nsbaseline',
    title: 'nsbaseline',
    description: 'Whether every namespace that should be isolated is, and how the operator does.',
    tags: ['nsbaseline', 'networkpolicy'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        chosen({ name: 'cluster', label: 'Cluster', among: '' }),
        chosen({ name: 'namespace', label: 'Namespace of the operator', among: '{cluster=~"$cluster"}' }),
        chosen({ name: 'job', label: 'Job', among: '{cluster=~"$cluster", namespace=~"$namespace"}' }),
        // The chart's monitoring.runbookBase fills it in.
        { name: RUNBOOK_BASE, label: 'Address of the runbooks', type: 'textbox', query: '' },
      ],
    },
    links: [runbookLink('docs/runbooks/README.md')],
    panels: placedPanels(),
  };
}

const RED_BELOW_1 = [
  { color: 'red', value: null },
  { color: 'green', value: 1 },
];
const RED_FROM_1 = [
  { color: 'green', value: null },
  { color: 'red', value: 1 },
];

const SOURCE = { type: 'prometheus', uid: '${datasource}' };

function placedPanels(): readonly object[] {
  const panels: object[] = [];
  let y = 0;
  for (const row of DASHBOARD) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { h: 1, w: SCREEN_WIDTH, x: 0, y },
      panels: [],
    });
    const placed = placedRow(row, y + 1);
    panels.push(
      ...placed.panels.map(({ panel, gridPos }, index) => ({
        id: panels.length + 1 + index,
        ...panelModel(panel),
        gridPos,
      })),
    );
    y = placed.endY;
  }
  return panels;
}

function placedRow(
  { panels }: Row,
  startY: number,
): { readonly panels: readonly { readonly panel: Panel; readonly gridPos: object }[]; readonly endY: number } {
  let x = 0;
  let y = startY;
  const placed = panels.map((panel) => {
    if (x + panel.width > SCREEN_WIDTH) {
      x = 0;
      y += HEIGHTS[panel.kind];
    }
    const gridPos = { h: HEIGHTS[panel.kind], w: panel.width, x, y };
    x += panel.width;
    return { panel, gridPos };
  });
  return { panels: placed, endY: y + Math.max(...panels.map(({ kind }) => HEIGHTS[kind])) };
}

/** A variable with the values that a label of the installations has; several may be selected. */
function chosen({ name, label, among }: Readonly<Record<'name' | 'label' | 'among', string>>): object {
  return {
    name,
    label,
    type: 'query',
    datasource: SOURCE,
    query: `label_values(nsbaseline_build_info${among}, ${name})`,
    multi: true,
    includeAll: true,
    allValue: '.*',
    refresh: 2,
    current: { text: ['All'], value: ['$__all'] },
  };
}

function runbookLink(runbook: string): object {
  return { title: 'Runbook', type: 'link', url: `\${${RUNBOOK_BASE}:raw}/${runbook}`, targetBlank: true };
}

function panelModel(panel: Panel): object {
  const { title, description, kind, unit, queries, runbook } = panel;
  return {
    type: kind,
    title,
    description,
    datasource: SOURCE,
    ...(runbook === undefined ? {} : { links: [runbookLink(runbook)] }),
    fieldConfig: {
      defaults: { unit, min: 0, thresholds: thresholdsFor(panel), ...EXTRA_DEFAULTS[kind], ...noValueFor(panel) },
      overrides: kind === 'table' ? CONDITION_COLUMNS : [],
    },
    options: OPTIONS[kind],
    ...(kind === 'table' ? { transformations: ROWS_OF_POLICIES } : {}),
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: SOURCE,
      expr,
      legendFormat: legend,
      ...(kind === 'table' ? { instant: true, range: false, format: 'time_series' } : {}),
    })),
  };
}

const OPTIONS: Readonly<Record<Panel['kind'], object>> = {
  stat: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'background' },
  timeseries: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
  table: { showHeader: true },
};

const EXTRA_DEFAULTS: Readonly<Record<Panel['kind'], object>> = {
  stat: {},
  timeseries: {},
  table: {
    mappings: [{ type: 'value', options: { 0: { text: 'False', index: 0 }, 1: { text: 'True', index: 1 } } }],
  },
};

/**
 * Each series becomes a row with one column, named after its condition; rows of equal labels are merged into one
 * (https://grafana.com/docs/grafana/latest/panels-visualizations/query-transform-data/transform-data/#labels-to-fields).
 */
const ROWS_OF_POLICIES = [
  { id: 'labelsToFields', options: { mode: 'columns', valueLabel: 'condition' } },
  { id: 'merge', options: {} },
  { id: 'organize', options: { excludeByName: { Time: true } } },
];

/** Red where a condition is not as it should be. */
const CONDITION_COLUMNS = Object.values(CONDITIONS).map((condition) => {
  const isGood = condition === CONDITIONS.ready || condition === CONDITIONS.allProtected;
  return {
    matcher: { id: 'byName', options: condition },
    properties: [
      { id: 'custom.cellOptions', value: { type: 'color-background' } },
      { id: 'thresholds', value: { mode: 'absolute', steps: isGood ? RED_BELOW_1 : RED_FROM_1 } },
    ],
  };
});

/** Without any series nothing leads, which is not merely "no data". */
function noValueFor({ redBelow }: Panel): object {
  return redBelow === undefined ? {} : { noValue: '0' };
}

function thresholdsFor({ redBelow, redFrom }: Panel): object {
  const base =
    redBelow === undefined
      ? [{ color: 'green', value: null }]
      : [
          { color: 'red', value: null },
          { color: 'green', value: redBelow },
        ];
  return { mode: 'absolute', steps: [...base, ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }])] };
}
