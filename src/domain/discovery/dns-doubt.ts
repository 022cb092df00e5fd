import type { BaselinePolicySpec, Discovered } from '../../api/baseline-policy.ts';
import type { Reason } from '../../api/reasons.ts';

/** Why the cluster's DNS was never believed: nothing was found, or nothing that was found is ready or answers (R14, discovery). */
export type DnsDoubt = Extract<Reason, 'DnsNotFound' | 'DnsUnanswered'>;

/** Whether a policy isolates egress and lets pods query only the resolvers that discovery finds, and `also`. */
export function restsOnFoundDns({ isolate, allow }: BaselinePolicySpec): boolean {
  const { enabled, to, toAnywhere } = allow?.dns ?? {};
  return isolate?.includes('Egress') !== false && enabled !== false && to === undefined && toAnywhere !== true;
}

/**
 * Why pods that a policy newly isolates could be cut off from DNS, as far as anybody can tell; undefined where the policy
 * names a resolver itself. A resolver that was believed once is never in doubt again: it may only be restarting.
 */
export function dnsDoubtFor(spec: BaselinePolicySpec, { dns }: Discovered): DnsDoubt | undefined {
  if (!restsOnFoundDns(spec) || spec.allow?.dns?.also !== undefined) {
    return undefined;
  }
  if (dns === undefined) {
    return 'DnsNotFound';
  }
  return dns.unanswered === true ? 'DnsUnanswered' : undefined;
}
