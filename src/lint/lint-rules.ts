import type { LintRule } from './finding.ts';
import { blocksOverPods, broadBlocks, metadataAddress } from './rules/addresses.ts';
import {
  halfOpen,
  hostNetworkPods,
  inEmptyNamespaces,
  selectsNothing,
  uncoveredWorkloads,
  withoutDefaultDeny,
} from './rules/coverage.ts';
import { dnsByUdpOnly, egressWithoutDns } from './rules/dns.ts';
import { orForAnd, peersThatAreNobody } from './rules/peers.ts';
import {
  administrativePorts,
  namedPortsToAddresses,
  servicePorts,
  undeclaredPorts,
  wideRanges,
} from './rules/ports.ts';
import { subsumedRules, twins, undoneDefaultDeny } from './rules/redundancy.ts';
import {
  duplicates,
  endPortsAlone,
  ignoredRules,
  missingPolicyTypes,
  refused,
  undocumented,
  yamlBooleans,
} from './rules/writing.ts';

/**
 * Everything that `lint` looks for. A code never changes its meaning: files name it to turn a finding off, and code
 * scanning tells findings apart by it.
 */
export const LINT_RULES = {
  'yaml-boolean': {
    severity: 'error',
    title: 'a label value without quotes that YAML reads as no text',
    check: yamlBooleans,
  },
  'end-port-alone': { severity: 'error', title: 'endPort without port', check: endPortsAlone },
  refused: { severity: 'error', title: 'something that the API server refuses', check: refused },
  duplicate: { severity: 'error', title: 'two objects of one kind, namespace and name', check: duplicates },
  'no-dns': { severity: 'error', title: 'isolated egress without DNS', check: egressWithoutDns },
  'dns-udp-only': { severity: 'warning', title: 'DNS by UDP only', check: dnsByUdpOnly },
  'service-port': { severity: 'error', title: 'the port of a Service instead of its targetPort', check: servicePorts },
  'undoes-default-deny': {
    severity: 'error',
    title: 'an allow-all rule that undoes a default-deny',
    check: undoneDefaultDeny,
  },
  'no-default-deny': {
    severity: 'warning',
    title: 'a namespace with pods and no default-deny',
    check: withoutDefaultDeny,
  },
  'half-open': { severity: 'warning', title: 'a default-deny for one direction only', check: halfOpen },
  'uncovered-workload': {
    severity: 'warning',
    title: 'a workload that no NetworkPolicy selects',
    check: uncoveredWorkloads,
  },
  'or-for-and': {
    severity: 'warning',
    title: 'two items of a list, which mean OR, where AND was probably meant',
    check: orForAnd,
  },
  'selects-nothing': { severity: 'warning', title: 'a podSelector that selects no pod', check: selectsNothing },
  'peer-nobody': { severity: 'warning', title: 'a peer that matches no namespace or pod', check: peersThatAreNobody },
  'broad-block': { severity: 'warning', title: 'a broad ipBlock without exceptions', check: broadBlocks },
  'block-over-pods': {
    severity: 'warning',
    title: 'an ipBlock over addresses of pods or Services',
    check: blocksOverPods,
  },
  'metadata-address': { severity: 'warning', title: "egress to the cloud's metadata service", check: metadataAddress },
  'administrative-port': {
    severity: 'warning',
    title: 'an administrative port that is open for everyone',
    check: administrativePorts,
  },
  'named-port-to-address': {
    severity: 'warning',
    title: 'a named port in an egress rule to addresses',
    check: namedPortsToAddresses,
  },
  'ignored-rules': {
    severity: 'warning',
    title: 'rules of a direction that policyTypes does not name',
    check: ignoredRules,
  },
  'missing-policy-types': { severity: 'warning', title: 'egress rules without policyTypes', check: missingPolicyTypes },
  'host-network': {
    severity: 'warning',
    title: 'a NetworkPolicy for pods that use the network of their node',
    check: hostNetworkPods,
  },
  'empty-namespace': {
    severity: 'note',
    title: 'a NetworkPolicy in a namespace without pods',
    check: inEmptyNamespaces,
  },
  'undeclared-port': { severity: 'note', title: 'a port that no pod declares', check: undeclaredPorts },
  'wide-range': { severity: 'note', title: 'a range of more than 1,000 ports', check: wideRanges },
  subsumed: { severity: 'note', title: 'a rule that another rule makes needless', check: subsumedRules },
  twin: { severity: 'note', title: 'two NetworkPolicies that say the same', check: twins },
  undocumented: { severity: 'note', title: 'a NetworkPolicy that does not say what it is for', check: undocumented },
} as const satisfies Readonly<Record<string, LintRule>>;

/** The code of a rule. */
export type LintCode = keyof typeof LINT_RULES;

/** Every code, the most serious first. */
export const LINT_CODES = Object.keys(LINT_RULES) as readonly LintCode[];

/** Whether the text is the code of a rule. */
export function isLintCode(text: string): text is LintCode {
  return Object.hasOwn(LINT_RULES, text);
}
