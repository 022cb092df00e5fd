import type { Log, LogFields } from '../../telemetry/log.ts';

/**
 * The log of one reconcile: every line carries its `reconcileId`, so the lines of one reconcile can be found together
 * (controller-runtime: `reconcileID`). Most reconciles log nothing, so the child logger is made for the first line.
 */
export class ReconcileLog implements Log {
  readonly #parent: Log;
  readonly #reconcileId: string;
  #child: Log | undefined;

  constructor(parent: Log, reconcileId: string) {
    this.#parent = parent;
    this.#reconcileId = reconcileId;
  }

  debug(fields: LogFields, message: string): void {
    this.#log().debug(fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#log().info(fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#log().warn(fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#log().error(fields, message);
  }

  child(fields: LogFields): Log {
    return this.#log().child(fields);
  }

  #log(): Log {
    this.#child ??= this.#parent.child({ reconcileId: this.#reconcileId });
    return this.#child;
  }
}
