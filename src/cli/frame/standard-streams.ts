import { exitCode } from '../../app/exit-codes.ts';

/** The standard output and error of a process, where a stream that breaks ends the command in order. */
export interface StandardStreams {
  print(text: string): void;
  writeError(text: string): void;
  /** Aborted once standard output takes no more. */
  readonly outputEnded: AbortSignal;
  /** What the process exits with when the command wants `wanted`: 1 where its output was lost. */
  exitCodeFor(wanted: number): number;
}

/** The part of a process that is used here. */
export interface StreamOwner {
  readonly stdout: NodeJS.EventEmitter & { write(text: string): unknown };
  readonly stderr: NodeJS.EventEmitter & { write(text: string): unknown };
  exitCode?: string | number | null | undefined;
}

/**
 * The streams of a process. A reader that has enough, as `head` does, is no failure: the command ends as it would have.
 * Output that cannot be written for another reason, such as a full disk, is one line on standard error and exit code 1.
 */
export function standardStreams(owner: StreamOwner, programName: string): StandardStreams {
  const ended = new AbortController();
  let isLost = false;
  const writeError = (text: string): void => {
    owner.stderr.write(text);
  };
  owner.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const isFirst = !ended.signal.aborted;
    ended.abort();
    if (error.code === 'EPIPE' || !isFirst) {
      return;
    }
    isLost = true;
    // The command may have ended before the stream reports the failure.
    owner.exitCode = exitCode('failed');
    writeError(`${programName}: the output could not be written: ${causeOf(error)}\n`);
  });
  // There is no other place to report it to.
  owner.stderr.on('error', () => undefined);
  return {
    print(text) {
      if (!ended.signal.aborted) {
        owner.stdout.write(text);
      }
    },
    writeError,
    outputEnded: ended.signal,
    exitCodeFor: (wanted) => (isLost ? exitCode('failed') : wanted),
  };
}

function causeOf({ code, message }: NodeJS.ErrnoException): string {
  return code === 'ENOSPC' ? 'no space is left on the device' : message;
}
