/**
 * Every reason that a condition, an event and a log line can carry, with what it means to whoever meets it. The reason
 * of a condition, of its event and of its log line are one and the same word.
 */
export const REASONS = {
  Applied: 'This generation was accepted and every selected namespace was attempted.',
  DryRun: 'The policy is in DryRun: nothing is written, the plan of each namespace is in its NamespaceBaseline.',
  Paused: 'The policy is Paused: nothing is written, what stands is left as it is.',
  Progressing: 'Selected namespaces are still being brought to this generation.',
  InvalidSpec:
    'The spec breaks a rule that the API server did not check; the last good set stays. Mend the fields that the message names.',
  Forbidden: 'The operator lacks a permission. Grant what the message names (deploy/base has the whole role).',
  AllInPlace: 'Every selected namespace is protected.',
  NoneSelected: 'No namespace is selected.',
  NotAllInPlace: 'Some selected namespaces are not protected; status.failed lists the first ten.',
  DnsNotFound: 'No DNS Service was found; the usual one is assumed (kube-system, k8s-app=kube-dns, port 53).',
  DnsStale: 'The DNS Service is gone or empty; the last good answer is used.',
  ApiServerNotFound: 'The API server has no known address; allow-kube-api-server waits for one.',
  Protected: 'Every part is in place as declared.',
  Pending: 'Parts are being written, or will be tried again soon.',
  Unprotected:
    'There is no default-deny and none can be written: allow-dns cannot be put in place, and without it pods could not resolve names.',
  AllowDnsMissing:
    'The default-deny stands, but allow-dns is missing and cannot be written: pods cannot resolve names.',
  ForeignObject:
    "Somebody else's NetworkPolicy has the name of a managed one. Rename it, delete it, or hand it over with the annotation nsbaseline.io/adopt=true.",
  Denied: 'A quota or an admission plugin refused the NetworkPolicy; the message is theirs.',
  Rejected: 'The API server refused the NetworkPolicy as invalid; the message is its own.',
  Altered:
    'The API server stored something else than what was written, as a mutating webhook does; writing again would loop.',
  PolicyInvalid: 'The BaselinePolicy is invalid, so that nothing is started here until it is mended.',
  Retrying: 'The API server could not take a write; it is tried again.',
  RemovalHeld:
    'So much would lose its protection at once that it waits for a confirmation; the message has the kubectl line that gives it.',
  IsolationHeld:
    'The policy would isolate so many namespaces at once that it waits for a confirmation; the message has the kubectl line that gives it.',
  Contested:
    'Somebody else keeps changing a managed NetworkPolicy; it is repaired at a slower pace. Find the field manager that the message names, and stop it.',
  Kept: 'The namespace is no longer selected, and onOptOut: Keep leaves the NetworkPolicies as they are.',
  OrphansPresent:
    'Managed NetworkPolicies of a former BaselinePolicy of this name stand where this one selects nothing; nsbaseline prune lists and removes them.',
  Weakened: "Somebody else's NetworkPolicy undoes the isolation; nothing is done about it.",
  Repaired: 'A managed NetworkPolicy had been changed or deleted, and was put back.',
  Adopted: "A NetworkPolicy that was somebody else's was handed over by its annotation, and is managed from now on.",
  Removed: 'The namespace is no longer selected; the managed NetworkPolicies were removed.',
} as const;
/** A documented reason. */
export type Reason = keyof typeof REASONS;
