import { ANNOTATIONS, CONDITIONS } from '../../../api/names.ts';
import type { BaselinePolicyView } from '../../cluster/cluster-facts.ts';

/** What can be held. */
export type HeldKind = 'removal' | 'isolation';

/** A change of a BaselinePolicy that waits for a confirmation (R9). */
export interface HeldChange {
  readonly kind: HeldKind;
  /** The annotation that confirms it. */
  readonly annotation: string;
  /** `<count>-<8 hex>`; undefined where the message names none that is to be understood. */
  readonly confirmation: string | undefined;
  /** How many namespaces it is about. */
  readonly count: number;
  /** The operator's own words. */
  readonly message: string;
}

const KINDS = [
  { kind: 'removal', condition: CONDITIONS.removalHeld, annotation: ANNOTATIONS.confirmRemoval },
  { kind: 'isolation', condition: CONDITIONS.isolationHeld, annotation: ANNOTATIONS.confirmIsolation },
] as const;

/** The changes of a policy that are held now, as its conditions say. */
export function heldChanges({ conditions }: Pick<BaselinePolicyView, 'conditions'>): readonly HeldChange[] {
  return KINDS.flatMap(({ kind, condition, annotation }) => {
    const held = conditions.find(({ type, status }) => type === condition && status === 'True');
    if (held === undefined) {
      return [];
    }
    const confirmation = confirmationIn(held.message, annotation);
    return [{ kind, annotation, confirmation, count: Number.parseInt(confirmation ?? '0', 10), message: held.message }];
  });
}

/** The last one, as the line that confirms ends the message. Only what the operator can have written is ever written back. */
function confirmationIn(message: string, annotation: string): string | undefined {
  const marked = message.split(`${annotation}=`).at(-1) ?? '';
  return marked === message ? undefined : /^(\d{1,7}-[0-9a-f]{8})(?![0-9a-f])/.exec(marked)?.[1];
}
