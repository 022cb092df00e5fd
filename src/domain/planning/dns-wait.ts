import type { DnsDoubt } from '../discovery/dns-doubt.ts';
import { denyNameOf, isManaged, isNameOfPart, ownershipFor, roleIn } from '../ownership.ts';
import { specHash } from '../rendering/comparison.ts';
import { isolatedBy, type RenderedPart } from '../rendering/rendering.ts';
import { type BaselinePolicyFacts, isRecordedName, recordedEntry, type World } from '../world.ts';

/**
 * Why a policy may not isolate egress in a namespace yet (R14, discovery): the cluster's DNS was never believed, and egress
 * is not isolated there. Undefined where it may; what isolates egress already, or did until another client deleted it,
 * stays and is repaired.
 */
export function awaitedDns(policy: BaselinePolicyFacts, world: World): DnsDoubt | undefined {
  const isWaiting =
    policy.dnsDoubt !== undefined &&
    isolatedBy(policy.parts).includes('Egress') &&
    !isEgressIsolated(policy, world) &&
    !wasEgressIsolated(policy, world);
  return isWaiting ? policy.dnsDoubt : undefined;
}

/** Whether any managed default-deny isolates egress, or the policy's allow-dns does, which selects every pod for egress. */
function isEgressIsolated({ name: policy }: BaselinePolicyFacts, { observed }: World): boolean {
  return observed.some(
    (candidate) =>
      isManaged(candidate) &&
      (candidate.isolates.includes('Egress') ||
        (isNameOfPart(candidate.name, policy) && roleIn(candidate.name) === 'dns')),
  );
}

/** Whether the last report listed what isolated egress. */
function wasEgressIsolated({ name, formerParts }: BaselinePolicyFacts, { report }: World): boolean {
  const roles = (recordedEntry(report, name)?.managed ?? []).map((listed) => roleIn(listed.name));
  return roles.includes('dns') || (roles.includes('deny') && isolatedBy(formerParts).includes('Egress'));
}

/** Whether the policy has its default-deny in a namespace, or had it until another client deleted it. */
export function hasOwnDeny(policy: BaselinePolicyFacts, { observed, report }: World): boolean {
  const deny = denyNameOf(policy.name);
  const existing = observed.find((candidate) => candidate.name === deny);
  return (
    isRecordedName(deny, policy, report) ||
    (existing !== undefined && ownershipFor(policy, report)(existing) !== 'foreign')
  );
}

/** The parts as far as they concern ingress: one direction of a set is written only where that direction is isolated already. */
export function withoutEgress(parts: readonly RenderedPart[]): readonly RenderedPart[] {
  return parts.flatMap((part) => {
    const policyTypes = part.spec.policyTypes.filter((direction) => direction !== 'Egress');
    const spec = { ...part.spec, policyTypes, egress: [] };
    return policyTypes.length === 0 ? [] : [{ ...part, spec, hash: specHash(spec) }];
  });
}
