import { createInterface } from 'node:readline/promises';
import { failure, type Result, success } from '../../base/result.ts';

/** Who sits at the other end of the standard streams. */
export interface Terminal {
  /** A person types into standard input and reads standard error. */
  readonly canAsk: boolean;
  /** Standard output is a terminal. */
  readonly showsOutput: boolean;
  /** Standard error is a terminal. */
  readonly showsProgress: boolean;
  /** Shows the question on standard error and gives the line that was typed, or undefined when the input ended. */
  ask(question: string): Promise<string | undefined>;
  /** All of standard input; the error says why not. */
  readInput(limitBytes: number): Promise<Result<string, string>>;
}

/** The standard streams of this process. */
export const processTerminal: Terminal = {
  get canAsk() {
    return process.stdin.isTTY && process.stderr.isTTY;
  },
  get showsOutput() {
    return process.stdout.isTTY;
  },
  get showsProgress() {
    return process.stderr.isTTY;
  },
  async ask(question) {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const ended = new Promise<undefined>((resolve) => {
      lines.once('close', () => {
        resolve(undefined);
      });
    });
    try {
      return await Promise.race([lines.question(question), ended]);
    } finally {
      lines.close();
    }
  },
  async readInput(limitBytes) {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes) {
        return failure(`has more than ${limitBytes} bytes`);
      }
      chunks.push(chunk);
    }
    return success(Buffer.concat(chunks).toString('utf8'));
  },
};

/** Whether output shall have colours: only on a terminal that has them, and never against NO_COLOR (https://no-color.org). */
export function isColoured(
  terminal: Pick<Terminal, 'showsOutput'>,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return terminal.showsOutput && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}

/** Whether the answer means yes. Anything but a clear yes is a no. */
export function isYes(answer: string | undefined): boolean {
  return /^\s*y(es)?\s*$/i.test(answer ?? '');
}
