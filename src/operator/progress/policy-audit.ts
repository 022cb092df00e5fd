import type { BaselinePolicyFacts } from '../../domain/world.ts';

/** One line of the log about a BaselinePolicy: for an audit, beside the API server's own. */
export interface AuditLine {
  readonly message: string;
  readonly policy: string;
  readonly uid: string;
  readonly generation: number;
  /** The generation before an edit. */
  readonly formerGeneration?: number;
  readonly mode?: BaselinePolicyFacts['mode'];
}

/** What has happened to a BaselinePolicy between two events; nothing for a change of its status or metadata. */
export function auditLines(
  before: BaselinePolicyFacts | undefined,
  after: BaselinePolicyFacts | undefined,
): readonly AuditLine[] {
  if (before !== undefined && before.uid !== after?.uid) {
    return [auditLine(before, 'baseline policy deleted'), ...auditLines(undefined, after)];
  }
  if (after === undefined) {
    return [];
  }
  if (before === undefined) {
    return [{ ...auditLine(after, 'baseline policy created'), mode: after.mode }];
  }
  if (after.isDeleting && !before.isDeleting) {
    return [auditLine(after, 'baseline policy is being deleted')];
  }
  return after.generation === before.generation
    ? []
    : [
        {
          ...auditLine(after, 'baseline policy edited'),
          formerGeneration: before.generation,
          mode: after.mode,
        },
      ];
}

function auditLine({ name, uid, generation }: BaselinePolicyFacts, message: string): AuditLine {
  return { message, policy: name, uid, generation };
}
