import { namesText } from '../../base/text.ts';
import type { KindProblem } from '../../domain/reporting/policy-status.ts';

/** How many namespaces a message names. */
const NAMED = 3;

/**
 * The permissions to write NamespaceBaselines that the operator turned out to lack, by namespace, until a write there
 * succeeds. A BaselinePolicy says so, since no NamespaceBaseline can.
 */
export class ReportRights {
  readonly #missing = new Map<string, string>();
  readonly #onChange: () => void;

  /** `onChange` is called when the first one is missing, and when none is missing any more. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** A write was refused because this permission is missing. */
  refused(namespace: string, permission: string): void {
    this.#missing.set(namespace, permission);
    if (this.#missing.size === 1) {
      this.#onChange();
    }
  }

  /** A write succeeded, or the namespace is gone. */
  settled(namespace: string): void {
    if (this.#missing.delete(namespace) && this.#missing.size === 0) {
      this.#onChange();
    }
  }

  /** What is missing, for the conditions of a BaselinePolicy. */
  problem(): KindProblem | undefined {
    const [permission] = this.#missing.values();
    return permission === undefined
      ? undefined
      : {
          reason: 'Forbidden',
          message: `the operator may not ${permission}, so the NamespaceBaselines of ${namesText([...this.#missing.keys()].sort(), NAMED)} are not written`,
        };
  }
}
