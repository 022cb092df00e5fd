import { DASHBOARD, type Panel, type Row } from './dashboard.ts';

const SCREEN_WIDTH = 24;
const HEIGHTS: Readonly<Record<Panel['kind'], number>> = { stat: 4, timeseries: 8 };

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
        {
          name: 'job',
          label: 'Job',
          type: 'query',
          datasource: SOURCE,
          query: 'label_values(nsbaseline_build_info, job)',
          includeAll: true,
          allValue: '.*',
          refresh: 2,
          current: { text: 'All', value: '$__all' },
        },
      ],
    },
    panels: placedPanels(),
  };
}

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

function panelModel({ title, description, kind, unit, queries, redFrom }: Panel): object {
  const steps = [{ color: 'green', value: null }, ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }])];
  return {
    type: kind,
    title,
    description,
    datasource: SOURCE,
    fieldConfig: { defaults: { unit, min: 0, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    options:
      kind === 'stat'
        ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'background' }
        : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: SOURCE,
      expr,
      legendFormat: legend,
    })),
  };
}
