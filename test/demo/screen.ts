import { styleText } from 'node:util';
import { commandLines } from './command-line.ts';
import { durationText } from './duration.ts';
import { cut, leader, SCREEN_WIDTH, wrapped } from './layout.ts';

/** What a screen writes to; `process.stdout` is one. */
export interface ScreenStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

type Style = Parameters<typeof styleText>[0];

/** What the demo says. On a terminal with colour and a spinner; elsewhere plain lines, each written once and whole. */
export interface Screen {
  /** Whether a person watches, so that pauses and moving things make sense. */
  readonly isWatched: boolean;
  title(text: string): void;
  /** The beginning of a step of the story. */
  step(number: number, text: string): void;
  /** A sentence of explanation, broken into lines. */
  note(text: string): void;
  /** A command that a user could type. */
  command(words: readonly string[]): void;
  /** What a command printed. */
  output(text: string): void;
  /** Something came true, after so many milliseconds where that was measured. */
  result(text: string, durationMs?: number): void;
  /** A line as it is. */
  line(text?: string): void;
  /** What went wrong. */
  problem(text: string): void;
  /** Shows that something is under way until `work` settles, and gives what it gives. On a terminal only. */
  during<Value>(text: string, work: Promise<Value>): Promise<Value>;
}

const INDENT = '   ';
const CLEAR_LINE = '\r\u001b[K';
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const SPINNER_INTERVAL_MS = 100;

/** A screen on this stream. Colour only on a terminal, and not where NO_COLOR is set (https://no-color.org). */
export function screenOn(stream: ScreenStream, environment: Readonly<Record<string, string | undefined>>): Screen {
  const isWatched = stream.isTTY === true && environment.TERM !== 'dumb';
  const isColoured = isWatched && (environment.NO_COLOR ?? '') === '';
  const styled = (style: Style, text: string): string =>
    isColoured ? styleText(style, text, { validateStream: false }) : text;
  const line = (text = ''): void => void stream.write(`${text}\n`);
  return {
    isWatched,
    line,
    title(text) {
      line(styled('bold', text));
    },
    step(number, text) {
      line();
      line(`${styled(['bold', 'cyan'], String(number))}  ${styled('bold', text)}`);
    },
    note(text) {
      for (const each of wrapped(text, SCREEN_WIDTH - INDENT.length)) {
        line(INDENT + styled('dim', each));
      }
    },
    command(words) {
      for (const [index, each] of commandLines(words, SCREEN_WIDTH - INDENT.length - 2).entries()) {
        line(`${INDENT}${styled('green', index === 0 ? '$' : ' ')} ${each}`);
      }
    },
    output(text) {
      for (const each of text.trimEnd().split('\n')) {
        line(`${INDENT}  ${styled('dim', each.trimEnd().slice(0, SCREEN_WIDTH - INDENT.length - 2))}`);
      }
    },
    result(text, durationMs) {
      const tick = `${INDENT}${styled('green', '✓')} ${text}`;
      if (durationMs === undefined) {
        line(tick);
        return;
      }
      const right = durationText(durationMs);
      line(`${tick} ${styled('dim', leader(text.length + right.length))} ${styled(['bold', 'yellow'], right)}`);
    },
    problem(text) {
      line(`${styled('red', '✗')} ${text}`);
    },
    async during(text, work) {
      if (!isWatched) {
        return work;
      }
      const startedMs = performance.now();
      let frame = 0;
      const draw = (): void => {
        const elapsed = `${Math.floor((performance.now() - startedMs) / 1000)} s`;
        stream.write(
          `${CLEAR_LINE}${INDENT}${styled('cyan', SPINNER[frame % SPINNER.length] ?? '')} ${cut(text, 60)} ${styled('dim', elapsed)}`,
        );
        frame += 1;
      };
      const timer = setInterval(draw, SPINNER_INTERVAL_MS);
      try {
        return await work;
      } finally {
        clearInterval(timer);
        if (frame > 0) {
          stream.write(CLEAR_LINE);
        }
      }
    },
  };
}
