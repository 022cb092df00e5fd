import { type Logger, pino, stdTimeFunctions } from 'pino';
import { redacted } from './redaction.ts';

/** From the most to the least talkative. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
/** How much is logged. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `auto` is `pretty` on a terminal and `json` elsewhere. */
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;
/** What a log line looks like. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The values of a log line. The keys that every line has anyway are taken. */
export interface LogFields {
  readonly [key: string]: unknown;
  readonly level?: never;
  readonly time?: never;
  readonly msg?: never;
}

/**
 * What the layers log through. Messages are constant lower-case sentences; everything that varies is a field, so that
 * a message can be searched for and counted. Credentials in fields are replaced by `[redacted]`. No method throws.
 *
 * @example
 * const reconcileLog = log.child({ namespace, reconcileId: randomUUID() });
 * reconcileLog.warn({ policy: 'standard.allow-dns', reason: 'Denied' }, 'managed policy was refused');
 */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log whose every line carries `fields` too. It follows later changes of the level. */
  child(fields: LogFields): Log;
}

/** Where lines go: each ends with a line break. */
export interface LogDestination {
  write(lines: string): unknown;
  readonly isTerminal: boolean;
}

/** A log and what the composition root does with it; the layers only get `log`. */
export interface LogControl {
  readonly log: Log;
  /** Switches between `debug` and the configured level (`info` if that is `debug`), for children too; returns the new level. */
  toggleDebug(): LogLevel;
  /** Writes out what is still buffered, before the process ends. */
  flush(): void;
}

const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;

/**
 * Makes the one log of the process: JSON lines with `level`, `time` (RFC 3339), `msg` and the fields, or lines for
 * people. On a terminal it writes at once; else it never blocks the event loop, and {@link LogControl.flush} empties it.
 */
export async function createLog(options: {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Standard output when absent. */
  readonly destination?: LogDestination;
}): Promise<LogControl> {
  const isTerminal = options.destination?.isTerminal ?? process.stdout.isTTY;
  const output = options.destination ?? (isTerminal ? process.stdout : bufferedOutput());
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && isTerminal);
  const root = pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redacted },
      // Errors have become plain objects by then.
      serializers: { err: (error: unknown) => error },
    },
    isPretty ? await prettyOutput(output, isTerminal) : output,
  );
  return controlOf(root, {
    configured: options.level,
    flush: 'flushSync' in output ? output.flushSync : () => undefined,
  });
}

type Output = Pick<LogDestination, 'write'>;

/** A reader of our output that is stuck must cost neither time nor memory: beyond the limit, lines are lost instead. */
function bufferedOutput(): Output & { readonly flushSync: () => void } {
  const stream = pino.destination({ dest: 1, sync: false, maxLength: MAX_BUFFERED_BYTES });
  return {
    write: (lines) => stream.write(lines),
    flushSync: () => {
      try {
        stream.flushSync();
      } catch {
        // Standard output is closed or was never opened: there is nobody left to tell.
      }
    },
  };
}

/** In this process and not in a worker thread, so that the last lines before an end are not lost. */
async function prettyOutput(output: Output, isTerminal: boolean): Promise<Output> {
  const { prettyFactory, isColorSupported } = await import('pino-pretty');
  const pretty = prettyFactory({
    colorize: isTerminal && isColorSupported,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return { write: (line) => output.write(pretty(line)) };
}

function controlOf(root: Logger, { configured, flush }: { configured: LogLevel; flush: () => void }): LogControl {
  let level = configured;
  return {
    log: narrowed(root),
    toggleDebug: () => {
      const quiet = configured === 'debug' ? 'info' : configured;
      level = level === 'debug' ? quiet : 'debug';
      // A pino child without its own level follows the root, because it inherits the root's methods.
      root.level = level;
      return level;
    },
    flush,
  };
}

function narrowed(logger: Logger): Log {
  return {
    debug: (fields, message) => {
      logger.debug(fields, message);
    },
    info: (fields, message) => {
      logger.info(fields, message);
    },
    warn: (fields, message) => {
      logger.warn(fields, message);
    },
    error: (fields, message) => {
      logger.error(fields, message);
    },
    // pino runs no formatter over the bindings of a child.
    child: (fields) => narrowed(logger.child(redacted(fields))),
  };
}
