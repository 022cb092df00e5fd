import type { LabelSelector, NetworkPolicyPeer } from '../../api/network-policy.ts';
import type { RenderedPart } from '../rendering/rendering.ts';

/** How many of them a message names. */
const NAMED = 10;

/** A namespaceSelector among the declared peers that matches no namespace. */
export interface MissingPeer {
  /** The part as people write it in a spec: `allow.monitoring`, or `rule db`. */
  readonly part: string;
  readonly selector: LabelSelector;
}

const FIELD_OF_PART: ReadonlyMap<string, string> = new Map([
  ['allow-monitoring', 'allow.monitoring'],
  ['allow-ingress-controller', 'allow.ingressController'],
]);

/**
 * The peers of a BaselinePolicy that are nobody: each namespaceSelector, declared or a default, that matches no namespace,
 * once for each part; of several presets one is enough. Such a rule lets nothing through, which looks like a closed door and not like a misspelt name. The
 * resolvers are left out, since discovery judges them (R14). `hasNamespace` says whether any namespace matches.
 */
export function missingPeers(
  parts: readonly RenderedPart[],
  hasNamespace: (selector: LabelSelector) => boolean,
): readonly MissingPeer[] {
  const missing = new Map<string, MissingPeer>();
  for (const { part, role, spec, alternatives = [] } of parts) {
    const isThere = ({ namespaceSelector: selector }: NetworkPolicyPeer): boolean =>
      selector === undefined || hasNamespace(selector);
    const needless = new Set(alternatives.some(isThere) ? alternatives : []);
    for (const peer of role === 'dns' ? [] : peersOf(spec)) {
      const { namespaceSelector: selector } = peer;
      if (selector !== undefined && !isThere(peer) && !needless.has(peer)) {
        const named = { part: FIELD_OF_PART.get(part) ?? `rule ${part}`, selector };
        missing.set(`${part} ${selectorText(selector)}`, named);
      }
    }
  }
  return [...missing.values()];
}

/** One sentence that names each part with its selector. */
export function missingPeersMessage(missing: readonly MissingPeer[]): string {
  const named = missing
    .slice(0, NAMED)
    .map(({ part, selector }) => `${part}: no namespace has ${selectorText(selector)}`);
  const more = missing.length > NAMED ? `; and ${missing.length - NAMED} more` : '';
  return `${named.join('; ')}${more}. These rules let nothing through until one does.`;
}

function peersOf({ ingress, egress }: RenderedPart['spec']): readonly NetworkPolicyPeer[] {
  return [...ingress.flatMap(({ from }) => from ?? []), ...egress.flatMap(({ to }) => to ?? [])];
}

function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) =>
    [key, operator, ...(values.length === 0 ? [] : [`(${values.join(', ')})`])].join(' '),
  );
  return [...labels, ...expressions].join(', ');
}
