import type { Colour, Span } from './terminal-lines.ts';

/** What a picture of a terminal shows. */
export interface TerminalContent {
  /** Beside the buttons of the window. */
  readonly title: string;
  readonly lines: readonly (readonly Span[])[];
}

const CHARACTER_WIDTH = 7.8;
const FONT_SIZE = 13;
const LINE_HEIGHT = 18;
const MARGIN = 18;
const BAR_HEIGHT = 34;
const MIN_COLUMNS = 80;

/** A window of its own dark colour, with an edge: readable on light and on dark pages alike. Contrast is 7:1 and more, dim text 4.5:1 and more. */
const WINDOW = { background: '#11161d', bar: '#1c232d', edge: '#3d4856', text: '#dce3ea', dim: '#93a1b0' };
const COLOURS: Readonly<Record<Colour, string>> = {
  red: '#ff8a80',
  green: '#7ddf8a',
  yellow: '#ffd866',
  cyan: '#6fd3f2',
};
const BUTTONS = ['#ff6259', '#ffbf2f', '#29c941'];

/** The picture as a whole SVG file. The same content gives the same bytes; nothing in it is fetched from elsewhere. */
export function terminalPicture({ title, lines }: TerminalContent): string {
  const columns = Math.max(MIN_COLUMNS, ...lines.map((spans) => widthOf(spans)));
  const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * MARGIN);
  const height = BAR_HEIGHT + lines.length * LINE_HEIGHT + 2 * MARGIN;
  const rows = lines.flatMap((spans, index) => row(spans, BAR_HEIGHT + MARGIN + index * LINE_HEIGHT + FONT_SIZE));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="What ${escaped(title)} prints">`,
    '<style>',
    `text { font: ${FONT_SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: ${WINDOW.text}; white-space: pre }`,
    `.b { font-weight: bold } .d { fill: ${WINDOW.dim} }`,
    ...Object.entries(COLOURS).map(([name, value]) => `.${name} { fill: ${value} }`),
    '</style>',
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="9" fill="${WINDOW.background}" stroke="${WINDOW.edge}"/>`,
    `<path d="M1 ${BAR_HEIGHT} V9.5 a8.5 8.5 0 0 1 8.5 -8.5 H${width - 9.5} a8.5 8.5 0 0 1 8.5 8.5 V${BAR_HEIGHT} Z" fill="${WINDOW.bar}"/>`,
    ...BUTTONS.map(
      (colour, index) => `<circle cx="${MARGIN + 4 + index * 20}" cy="${BAR_HEIGHT / 2}" r="6" fill="${colour}"/>`,
    ),
    `<text class="d" x="${width / 2}" y="${BAR_HEIGHT / 2 + 4}" text-anchor="middle">${escaped(title)}</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

/** Each span is put in its own place, so that columns stay columns whatever the font. */
function row(spans: readonly Span[], y: number): readonly string[] {
  let column = 0;
  return spans.flatMap((span) => {
    const text = span.text.trim();
    const start = column + span.text.length - span.text.trimStart().length;
    column += span.text.length;
    if (text === '') {
      return [];
    }
    const classes = [span.isBold ? 'b' : '', span.isDim ? 'd' : '', span.colour ?? '']
      .filter((each) => each !== '')
      .join(' ');
    const attributes = classes === '' ? '' : ` class="${classes}"`;
    return [
      `<text${attributes} x="${round(MARGIN + start * CHARACTER_WIDTH)}" y="${y}" textLength="${round(text.length * CHARACTER_WIDTH)}">${escaped(text)}</text>`,
    ];
  });
}

function widthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + text.length, 0);
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Text as XML takes it. Spaces that would be run together are made to stay. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('  ', '\u00a0\u00a0');
}
