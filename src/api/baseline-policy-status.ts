import { z } from 'zod';
import { about, keyedBy, list, text } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import { conditionSchema } from './condition.ts';
import { modeSchema } from './mode.ts';
import { egressRuleSchema } from './network-policy.ts';

const addressSchema = text(BOUNDS.labelLength);

/** The cluster's resolver as egress rules, with a readable note on where it was found. */
export const discoveredDnsSchema = z.strictObject({
  source: about(text(BOUNDS.messageLength), 'Where it was found, for people to read.'),
  egress: about(
    list(about(egressRuleSchema, 'A resolver and its ports.'), BOUNDS.discoveredRules),
    'The resolver as egress rules.',
  ),
  unanswered: about(
    z.boolean().optional(),
    'True while what was found never had a ready endpoint and never answered the operator: egress is not newly isolated for it. Absent once it was believed.',
  ),
});
/** {@link discoveredDnsSchema} */
export type DiscoveredDns = z.infer<typeof discoveredDnsSchema>;

/** The API server's addresses: it listens on `endpoints`, and pods dial `service`. */
export const discoveredApiServerSchema = z.strictObject({
  endpoints: about(
    list(
      about(
        z.strictObject({ address: about(addressSchema, 'An IP address.'), port: about(z.int(), 'A TCP port.') }),
        'An address that the API server listens on.',
      ),
      BOUNDS.discoveredAddresses,
    ),
    'The addresses on which the API server listens.',
  ),
  service: about(
    z
      .strictObject({
        addresses: about(
          list(about(addressSchema, 'An IP address.'), BOUNDS.discoveredAddresses),
          'Its addresses, one for each address family.',
        ),
        port: about(z.int(), 'Its TCP port.'),
      })
      .optional(),
    'The Service that pods dial.',
  ),
});
/** {@link discoveredApiServerSchema} */
export type DiscoveredApiServer = z.infer<typeof discoveredApiServerSchema>;

/** The last known results of discovery (R14, discovery). */
export const discoveredSchema = z.strictObject({
  dns: about(discoveredDnsSchema.optional(), 'The resolver of the cluster.'),
  apiServer: about(discoveredApiServerSchema.optional(), 'The API server.'),
});
/** {@link discoveredSchema} */
export type Discovered = z.infer<typeof discoveredSchema>;

const namespaceCountsSchema = z.strictObject({
  matched: about(z.int(), 'Namespaces that this policy selects.'),
  protected: about(z.int(), 'Of these, the ones where everything declared is in place.'),
  pending: about(z.int(), 'Of these, the ones where it is not in place yet.'),
  failed: about(z.int(), 'Of these, the ones where it could not be put in place.'),
  conflicted: about(z.int(), 'Of these, the ones where a foreign NetworkPolicy has the name of a managed one.'),
  weakened: about(z.int(), 'Of these, the ones where a foreign NetworkPolicy undoes the isolation.'),
  wide: about(
    z.int().optional(),
    'Of these, the protected ones where a foreign NetworkPolicy allows far more than a purpose needs.',
  ),
});

const failedNamespaceSchema = z.strictObject({
  namespace: about(text(BOUNDS.labelLength), 'The namespace.'),
  reason: about(text(BOUNDS.nameLength), 'Why, in one word for programs.'),
  message: about(text(BOUNDS.messageLength), 'Why, in a sentence for people.'),
});

/** The status of a BaselinePolicy, which the operator writes as a whole (R16, status). */
export const baselinePolicyStatusSchema = z.strictObject({
  observedGeneration: about(
    z.int(),
    'The newest metadata.generation of this policy that the operator has looked at; -1 before it has looked at any.',
  ),
  mode: about(modeSchema.optional(), 'The mode in effect.'),
  conditions: about(
    keyedBy(list(about(conditionSchema, 'One aspect of the state of this policy.'), BOUNDS.conditions), 'type'),
    'Ready: the operator accepted this generation and attempted every selected namespace. AllProtected: everything is in place in every selected namespace. Other conditions are present while they apply; docs/conditions.md explains them.',
  ),
  namespaces: about(
    namespaceCountsSchema,
    'The number of namespaces in each state. The NamespaceBaseline of each has the details.',
  ),
  copies: about(
    z.int().optional(),
    'NetworkPolicies that carry the marks of this policy in namespaces that it does not select and whose NamespaceBaseline does not list them. They are left alone; nsbaseline prune --copies lists and removes them. Absent when there are none.',
  ),
  failed: about(
    list(about(failedNamespaceSchema, 'A namespace that is not protected, and why.'), BOUNDS.failed),
    `The first ${BOUNDS.failed} namespaces that are not protected, by name.`,
  ),
  discovered: about(discoveredSchema, 'The results of discovery, stored so that a restart renders the same.'),
});
/** {@link baselinePolicyStatusSchema} */
export type BaselinePolicyStatus = z.infer<typeof baselinePolicyStatusSchema>;
