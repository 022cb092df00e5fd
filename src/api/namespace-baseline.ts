import { z } from 'zod';
import { about, keyedBy, list, text } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import { conditionSchema } from './condition.ts';
import { modeSchema } from './mode.ts';

/** The phases of a namespace, worst first. */
export const PHASES = ['Failed', 'Conflict', 'Weakened', 'Pending', 'Protected', 'DryRun', 'Paused'] as const;
/** The state of a namespace, or of one policy in it. */
export const phaseSchema = z.enum(PHASES);
/** {@link phaseSchema} */
export type Phase = z.infer<typeof phaseSchema>;

const nameSchema = text(BOUNDS.nameLength);
const namesOfPolicies = list(about(nameSchema, 'The name of a NetworkPolicy.'), BOUNDS.managedPerPolicy);

const managedPolicySchema = z.strictObject({
  name: about(nameSchema, 'Its name.'),
  uid: about(text(BOUNDS.uidLength), 'Its uid, by which the operator recognizes it.'),
  hash: about(
    text(BOUNDS.uidLength).optional(),
    'A digest of its spec, by which an older version of the operator recognizes what a newer one rendered.',
  ),
});

/** The state of one BaselinePolicy in one namespace. */
export const policyEntrySchema = z.strictObject({
  policy: about(text(BOUNDS.labelLength), 'The name of the BaselinePolicy.'),
  generation: about(z.int(), 'The metadata.generation of the BaselinePolicy that this entry is about.'),
  mode: about(modeSchema, 'The mode of the BaselinePolicy.'),
  phase: about(phaseSchema, 'The state of this policy here.'),
  reason: about(text(BOUNDS.nameLength).optional(), 'Why, in one word for programs, if it differs from the phase.'),
  message: about(text(BOUNDS.messageLength).optional(), 'Why, in a sentence for people.'),
  inPlace: about(
    z.boolean(),
    'True once the default-deny and the DNS rule have been seen in place and every other part is in place or refused for good; false again only when the default-deny is gone. While it is true, pods may be started.',
  ),
  managed: about(
    list(about(managedPolicySchema, 'A managed NetworkPolicy.'), BOUNDS.managedPerPolicy),
    'The managed NetworkPolicies in this namespace.',
  ),
  plan: about(
    z
      .strictObject({
        apply: about(namesOfPolicies, 'NetworkPolicies that would be created or repaired.'),
        remove: about(namesOfPolicies, 'NetworkPolicies that would be removed.'),
      })
      .optional(),
    'In mode DryRun: what Enforce would do.',
  ),
});
/** {@link policyEntrySchema} */
export type PolicyEntry = z.infer<typeof policyEntrySchema>;

const conflictSchema = z.strictObject({
  name: about(nameSchema, 'Its name.'),
  reason: about(text(BOUNDS.messageLength), 'Why it is in the way.'),
});

const gradeSchema = z.enum(['open', 'wide']);

const weakeningSchema = z.strictObject({
  name: about(nameSchema, 'Its name.'),
  why: about(text(BOUNDS.messageLength), 'How it undoes the isolation.'),
  grade: about(
    gradeSchema.optional(),
    'How bad it is. open: the isolation is undone. wide: far more is allowed than a purpose needs.',
  ),
});

/** The state of one namespace. Only the operator writes it, and always as a whole. */
export const namespaceBaselineStatusSchema = z.strictObject({
  phase: about(
    phaseSchema,
    'The worst state of all policies here; Failed is the worst, then Conflict, Weakened, Pending, Protected, DryRun, Paused.',
  ),
  policyNames: about(
    text(BOUNDS.messageLength).optional(),
    'The names of the BaselinePolicies that select this namespace, in one text for kubectl, which prints only the first item of a list.',
  ),
  policies: about(
    keyedBy(
      list(about(policyEntrySchema, 'The state of one BaselinePolicy here.'), BOUNDS.policiesPerNamespace),
      'policy',
    ),
    'The BaselinePolicies that select this namespace.',
  ),
  conflicts: about(
    list(about(conflictSchema, 'A foreign NetworkPolicy.'), BOUNDS.conflicts).optional(),
    'Foreign NetworkPolicies that have the name of a managed one. The operator leaves them alone; annotate one with nsbaseline.io/adopt=true to hand it over.',
  ),
  weakenedBy: about(
    list(about(weakeningSchema, 'A foreign NetworkPolicy.'), BOUNDS.weakenedBy).optional(),
    `Foreign NetworkPolicies that undo the isolation, such as one that allows everything; the first ${BOUNDS.weakenedBy}. The operator leaves them alone.`,
  ),
  weakened: about(gradeSchema.optional(), 'The worst grade in weakenedBy; absent when nothing weakens the isolation.'),
  conditions: about(
    keyedBy(list(about(conditionSchema, 'One aspect of the state of this namespace.'), BOUNDS.conditions), 'type'),
    'Ready is True when the phase is Protected, and only then.',
  ),
});
/** {@link namespaceBaselineStatusSchema} */
export type NamespaceBaselineStatus = z.infer<typeof namespaceBaselineStatusSchema>;
