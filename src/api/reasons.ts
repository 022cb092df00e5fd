/**
 * Every reason that a condition, an Event and a log line can carry, and its meaning. A condition, its Event and its log
 * line carry the same reason.
 */
export const REASONS = {
  Applied: 'The operator accepted this generation and attempted every selected namespace.',
  DryRun:
    'The policy is in DryRun: no NetworkPolicy is written, and each NamespaceBaseline reports what Enforce would do.',
  Paused: 'The policy is Paused: nothing is written, and existing NetworkPolicies stay as they are.',
  Progressing: 'The operator is still applying this generation to the selected namespaces.',
  InvalidSpec:
    'The spec breaks a rule that the API server did not check; the last valid spec stays in force. Correct the fields that the message names.',
  Forbidden: 'The operator lacks a permission. Grant the one that the message names; deploy/base has the whole role.',
  CrdOutdated:
    'A CRD is missing or older than the operator, so no object of its kind is written. Apply the CRDs of this version; the message has the command.',
  AllInPlace: 'Every selected namespace is protected.',
  NoneSelected: 'No namespace is selected.',
  NotAllInPlace: 'Some selected namespaces are not protected; status.failed lists the first ten.',
  DnsNotFound:
    'No DNS resolver of the cluster was found, so egress is not newly isolated; what is isolated stays. Name the resolver in spec.allow.dns.to or spec.allow.dns.also, or set spec.allow.dns.enabled to false.',
  DnsUnanswered:
    'The DNS resolver that was found has no ready endpoint and does not answer, so egress is not newly isolated; what is isolated stays. Name the right resolver in spec.allow.dns.to or spec.allow.dns.also, or set spec.allow.dns.enabled to false.',
  DnsStale: 'The DNS Service is gone or has no endpoints; the last known addresses are used.',
  ApiServerNotFound: 'No address of the API server is known; allow-kube-api-server waits for one.',
  PeersNotFound:
    'A declared peer selects namespaces by labels that no namespace has, so its rule lets nothing through; the message names the part and the labels.',
  OwnRuleOpen:
    'A rule of this BaselinePolicy opens a direction for everyone, and spec.acknowledge does not name it; the message names the rule and what it allows.',
  Protected: 'Every part is in place as declared.',
  Pending: 'Parts are being written, or will be retried soon.',
  Unprotected:
    'There is no default-deny, and none is written: allow-dns cannot be written, and without it pods could not resolve names.',
  AllowDnsMissing:
    'The default-deny is in place, but allow-dns is missing and cannot be written: pods cannot resolve names.',
  ForeignObject:
    'A NetworkPolicy that the operator did not write has the name of a managed one. Rename it, delete it, or hand it over with the annotation nsbaseline.io/adopt=true.',
  Denied: 'A quota or an admission plugin refused the NetworkPolicy; the message is its own.',
  Rejected: 'The API server refused the NetworkPolicy as invalid; the message is its own.',
  Altered:
    'The API server stored something other than what the operator wrote, as a mutating webhook causes; writing again would loop.',
  PolicyInvalid: 'The BaselinePolicy is invalid, so nothing new is written here until it is corrected.',
  Retrying: 'A write failed with a transient error; the operator retries it.',
  RemovalHeld:
    'The change would remove more protection than may go without your approval, so it is held until you approve it; the message has the limit and the kubectl command.',
  IsolationHeld:
    'The policy would newly isolate many namespaces, or its selector matches every namespace, so it is held until you approve it or have seen it in DryRun; the message has the kubectl command.',
  Approved: 'A held change was confirmed, and the operator carries it out.',
  Contested:
    'Another client keeps changing a managed NetworkPolicy, so the operator repairs it at a slower pace. Find the field manager that the message names, and stop it.',
  OptingOut:
    'The namespace is no longer selected. Its NetworkPolicies stay until the time in the message (spec.removal.grace), and nothing changes if it is selected again before.',
  KeptByFinalizer:
    "A NetworkPolicy was deleted, but a finalizer that is not the operator's keeps it, and network plugins go on enforcing it. Remove the finalizer from the object that the message names.",
  CopyFound:
    'A NetworkPolicy carries the marks of a BaselinePolicy that does not select its namespace, and no NamespaceBaseline lists it, as after a restore or a copy. It is left alone; nsbaseline prune --copies lists and removes it.',
  Kept: 'The namespace is no longer selected, and onOptOut: Keep leaves its NetworkPolicies as they are.',
  OrphansPresent:
    'Managed NetworkPolicies of a deleted BaselinePolicy of this name remain where this one selects nothing; nsbaseline prune lists and removes them.',
  Wide: "Another client's NetworkPolicy allows far more than a purpose needs, such as the whole internet or every source on a port.",
  Weakened:
    'A NetworkPolicy that the operator did not write undoes the isolation; the operator reports it and leaves it alone.',
  Repaired: 'A managed NetworkPolicy was changed or deleted, and the operator restored it.',
  Adopted: 'A NetworkPolicy was handed over to the operator by its annotation, and is managed from now on.',
  Removed: 'The namespace is no longer selected, and its managed NetworkPolicies were removed.',
} as const;
/** A documented reason. */
export type Reason = keyof typeof REASONS;
