import type { CompiledCluster } from '../compile/compiled-cluster.ts';
import { addresses } from '../intervals/addresses.ts';
import type { Rule } from '../model/cluster.ts';
import type { EndExplanation, PolicyExplanation, PolicyName } from './explanation.ts';
import { type End, podAddresses } from './side.ts';

/** Where implementations are known to differ, though the API gives an answer. */
export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
  /** The policy that it is about. */
  readonly policy?: PolicyName;
}

/** The codes of {@link Warning}; they do not change between versions. */
export type WarningCode = keyof typeof MESSAGES;

const MESSAGES = {
  blockMatchesPod: 'an IP block matches a pod; the API intends blocks for addresses outside the cluster',
  namedPortToAddress: 'a named port in an egress rule that is not only for pods; some implementations refuse that',
  endPort: 'a range of ports decides; an implementation without support for endPort applies its first port only',
  serviceAddress: 'whether IP blocks see the address of a Service or those of its pods is not defined',
} as const;

/** The warning with that code. */
export function warningFor(code: WarningCode, policy?: PolicyName): Warning {
  return { code, message: MESSAGES[code], ...(policy === undefined ? {} : { policy }) };
}

/** What to be careful about in the rules that matched at one end; `remote` is the other end. */
export function warningsOf(compiled: CompiledCluster, explanation: EndExplanation, remote: End): readonly Warning[] {
  return explanation.policies.flatMap((explained) => {
    const rule = matchedRule(compiled, explanation, explained);
    const port = rule?.ports?.[explained.match?.port ?? -1];
    return [
      ...(explained.match !== undefined && rule !== undefined && isBlockOverPod(compiled, rule, explained, remote)
        ? [warningFor('blockMatchesPod', explained.policy)]
        : []),
      ...(explanation.direction === 'egress' && port?.kind === 'named' && hasAddresses(rule)
        ? [warningFor('namedPortToAddress', explained.policy)]
        : []),
      ...(explained.policy.kind === 'NetworkPolicy' && port?.kind === 'numbers' && isRange(port)
        ? [warningFor('endPort', explained.policy)]
        : []),
    ];
  });
}

function matchedRule(
  { cluster }: CompiledCluster,
  { direction }: EndExplanation,
  { policy, match }: PolicyExplanation,
): Rule | undefined {
  if (match === undefined) {
    return undefined;
  }
  const model =
    policy.kind === 'NetworkPolicy'
      ? cluster.networkPolicies.find(({ name, namespace }) => name === policy.name && namespace === policy.namespace)
      : cluster.clusterPolicies.find(({ name }) => name === policy.name);
  return model?.[direction]?.[match.rule];
}

function isBlockOverPod(
  compiled: CompiledCluster,
  rule: Rule,
  { policy, match }: PolicyExplanation,
  remote: End,
): boolean {
  const peer = rule.peers?.[match?.peer ?? -1];
  // ClusterNetworkPolicy says in its text that networks match pods.
  return (
    policy.kind === 'NetworkPolicy' &&
    remote.kind === 'pod' &&
    peer?.kind === 'block' &&
    (['IPv4', 'IPv6'] as const).some(
      (family) => addresses.overlap(podAddresses(compiled, remote.pod, family), peer.addresses) !== 'none',
    )
  );
}

function hasAddresses(rule: Rule | undefined): boolean {
  return rule !== undefined && (rule.peers === undefined || rule.peers.some(({ kind }) => kind === 'block'));
}

function isRange({ first, last }: { readonly first: number; readonly last: number }): boolean {
  return last > first && !(first === 1 && last === 65_535);
}
