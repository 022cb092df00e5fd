import k8sOperator, { type OperatorLogger } from '@dot-i/k8s-operator';
import type { Log } from '../../telemetry/log.ts';
import type { Watch } from './informer.ts';

/**
 * The operator as a class of `@dot-i/k8s-operator`, which the project's owner chose: `start` runs `init`, and `init`
 * starts every informer of `WATCHES`. The library's own watches are never started, as they end the process on any watch
 * error and never list (docs/adr/0003-operator-shape.md). Events do not pass through here: a cache change calls its
 * event handler directly.
 */
export class BaselineOperator extends k8sOperator.default {
  readonly #watches: readonly Watch[];
  readonly #stopped = new AbortController();
  #running: readonly Promise<void>[] = [];

  constructor({ log, watches }: { readonly log: Log; readonly watches: readonly Watch[] }) {
    super(loggerOver(log));
    this.#watches = watches;
  }

  /** Stops every informer; {@link BaselineOperator.ended} resolves when they have ended. */
  override stop(): void {
    this.#stopped.abort();
  }

  /** Resolves when every informer has ended after {@link BaselineOperator.stop}. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  protected override init(): Promise<void> {
    this.#running = this.#watches.map(({ reflector }) => reflector.run(this.#stopped.signal));
    return Promise.resolve();
  }
}

function loggerOver(log: Log): OperatorLogger {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (detail: string) => {
    log[level]({ detail }, 'message of the operator library');
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
