/** Text of one look. */
export interface Span {
  readonly text: string;
  readonly isBold: boolean;
  readonly isDim: boolean;
  /** A colour of the terminal by name; absent for the usual one. */
  readonly colour?: Colour;
}

/** The colours that the demo uses. */
export type Colour = 'red' | 'green' | 'yellow' | 'cyan';

type Look = Omit<Span, 'text'>;

const PLAIN: Look = { isBold: false, isDim: false };
const COLOURS: Readonly<Record<string, Colour>> = { '31': 'red', '32': 'green', '33': 'yellow', '36': 'cyan' };
const ESCAPE = '\u001b';
const CLEAR_LINE = `\r${ESCAPE}[K`;

/**
 * What is left on a terminal after the demo wrote `output`: spinners that were overwritten are gone, styles are told apart
 * (https://ecma-international.org/publications-and-standards/standards/ecma-48/, SGR). Only what the demo uses is understood, other
 * control characters are dropped.
 */
export function terminalLines(output: string): readonly (readonly Span[])[] {
  const lines = output.replaceAll('\r\n', '\n').trimEnd().split('\n');
  let look = PLAIN;
  const drawn = lines.map((line) => {
    const visible = line.slice(line.lastIndexOf(CLEAR_LINE) + 1);
    const spans: Span[] = [];
    for (const piece of visible.split(new RegExp(`(?=${ESCAPE}\\[)`))) {
      const code = new RegExp(`^${ESCAPE}\\[([\\d;]*)([A-Za-z])`).exec(piece);
      if (code?.[2] === 'm') {
        look = (code[1] ?? '').split(';').reduce(changedLook, look);
      }
      const text = withoutControls(piece.slice(code?.[0].length ?? 0));
      if (text !== '') {
        spans.push({ text, ...look });
      }
    }
    return spans;
  });
  return drawn.slice(drawn.findIndex((spans) => spans.length > 0));
}

function changedLook(look: Look, code: string): Look {
  switch (code) {
    case '':
    case '0':
      return PLAIN;
    case '1':
      return { ...look, isBold: true };
    case '2':
      return { ...look, isDim: true };
    case '22':
      return { ...look, isBold: false, isDim: false };
    case '39':
      return { isBold: look.isBold, isDim: look.isDim };
    default: {
      const colour = COLOURS[code];
      return colour === undefined ? look : { ...look, colour };
    }
  }
}

function withoutControls(text: string): string {
  return Array.from(text)
    .filter((character) => character >= ' ' && character !== '\u007f')
    .join('');
}
