import { z } from 'zod';
import { about, list } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import { cidrSchema, isCidr, isInside } from './cidr.ts';
import { labelSelectorSchema } from './label-selector.ts';
import { withRules } from './schema-rule.ts';

/** An IPBlock of the Kubernetes API. */
export const ipBlockSchema = withRules(
  z.strictObject({
    cidr: about(
      cidrSchema,
      'The address block, such as 10.0.0.0/8, 203.0.113.7/32 or 2001:db8::/32. It is meant for addresses outside the cluster; whether it also matches pods depends on the network plugin.',
    ),
    except: about(
      list(about(cidrSchema, 'A block inside cidr.'), BOUNDS.exceptions).optional(),
      'Blocks inside cidr that are excluded.',
      'nothing is excluded',
    ),
  }),
  {
    cel: '!has(self.except) || !isCIDR(self.cidr) || self.except.all(range, !isCIDR(range) || cidr(self.cidr).containsCIDR(range))',
    holds: ({ cidr, except = [] }) => !isCidr(cidr) || except.every((range) => !isCidr(range) || isInside(range, cidr)),
    message: 'every except must be a block inside cidr; take the others out, they are not in cidr anyway',
    suggestion: ({ cidr, except = [] }) => except.filter((range) => !isInside(range, cidr)).join(', '),
    field: 'except',
  },
  {
    cel: '!has(self.except) || !(self.cidr in self.except)',
    holds: ({ cidr, except = [] }) => !except.includes(cidr),
    message: 'an except that is all of cidr leaves nothing; write a smaller block, or take the whole ipBlock out',
    field: 'except',
  },
);
/** {@link ipBlockSchema} */
export type IpBlock = z.infer<typeof ipBlockSchema>;

/** A NetworkPolicyPeer of the Kubernetes API. */
export const networkPolicyPeerSchema = withRules(
  z.strictObject({
    podSelector: about(
      labelSelectorSchema.optional(),
      'Pods by their labels: of the protected namespace itself, or, together with namespaceSelector, of the namespaces that it selects. {} is every pod.',
    ),
    namespaceSelector: about(
      labelSelectorSchema.optional(),
      'Namespaces by their labels; {} is every namespace. Each namespace has the label kubernetes.io/metadata.name with its own name. With podSelector: only those pods in them.',
    ),
    ipBlock: about(
      ipBlockSchema.optional(),
      'Addresses, mostly outside the cluster. A peer with ipBlock has no other field.',
    ),
  }),
  {
    cel: 'has(self.podSelector) || has(self.namespaceSelector) || has(self.ipBlock)',
    holds: ({ podSelector, namespaceSelector, ipBlock }) =>
      podSelector !== undefined || namespaceSelector !== undefined || ipBlock !== undefined,
    message:
      'names no one; write podSelector: {} for every pod of the namespace itself, namespaceSelector: {} for every pod of the cluster, or ipBlock for addresses',
  },
  {
    cel: '!has(self.ipBlock) || (!has(self.podSelector) && !has(self.namespaceSelector))',
    holds: ({ podSelector, namespaceSelector, ipBlock }) =>
      ipBlock === undefined || (podSelector === undefined && namespaceSelector === undefined),
    message: 'ipBlock cannot be combined with podSelector or namespaceSelector; write two peers instead',
    field: 'ipBlock',
  },
);
/** {@link networkPolicyPeerSchema} */
export type NetworkPolicyPeer = z.infer<typeof networkPolicyPeerSchema>;
