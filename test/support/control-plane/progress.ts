/** Who is told how a long piece of work goes. */
export interface Progress {
  /** A line that stays. */
  say(line: string): void;
  /** Where things are right now; soon replaced by the next one. */
  update(line: string): void;
}

/** Tells nobody. */
export const silentProgress: Progress = { say: () => undefined, update: () => undefined };

/** Where progress is written to; `process.stderr` is one. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const PLAIN_INTERVAL_MS = 15_000;
const CLEAR_LINE = '\r\u001b[K';

/** On a terminal updates overwrite one another; elsewhere, in a log, there is one at most every 15 seconds. */
export function progressOn(stream: ProgressStream, nowMs: () => number = () => performance.now()): Progress {
  let lastUpdateMs: number | undefined;
  if (stream.isTTY === true) {
    return {
      say: (line) => stream.write(`${CLEAR_LINE}${line}\n`),
      update: (line) => stream.write(`${CLEAR_LINE}${line}`),
    };
  }
  return {
    say: (line) => stream.write(`${line}\n`),
    update(line) {
      if (lastUpdateMs !== undefined && nowMs() - lastUpdateMs < PLAIN_INTERVAL_MS) {
        return;
      }
      lastUpdateMs = nowMs();
      stream.write(`${line}\n`);
    },
  };
}
