import fc from 'fast-check';
import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';

type Isolate = NonNullable<BaselinePolicySpec['isolate']>;
type Allow = NonNullable<BaselinePolicySpec['allow']>;
type Rule = NonNullable<BaselinePolicySpec['rules']>[number];

/** Absent for most specs, so that most histories write the default parts only. */
function seldom<Value>(...values: readonly Value[]): fc.Arbitrary<Value | undefined> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );
}

const dns = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom<Allow['dns']>(undefined, { enabled: true }, { enabled: false }) },
  {
    weight: 1,
    arbitrary: seldom<NonNullable<Allow['dns']>>(
      { ports: [{ port: 5353 }, { protocol: 'UDP', port: 5353 }] },
      { to: [{ ipBlock: { cidr: '10.96.0.10/32' } }] },
      { toAnywhere: true },
    ),
  },
);

const allow: fc.Arbitrary<Allow> = fc
  .record({
    dns,
    monitoring: fc.constantFrom<Allow['monitoring']>(undefined, { enabled: true }, { enabled: false }),
    sameNamespace: seldom<NonNullable<Allow['sameNamespace']>>({ enabled: true }),
    ingressController: seldom<NonNullable<Allow['ingressController']>>(
      { enabled: true },
      { enabled: true, from: [{ podSelector: {}, namespaceSelector: {} }], ports: [{ port: 8000, endPort: 8999 }] },
    ),
    internet: seldom<NonNullable<Allow['internet']>>(
      { enabled: true },
      {
        enabled: true,
        cidrs: ['192.0.0.0/8', '10.0.0.0/8', '2000::/3'],
        except: ['192.1.2.0/24'],
        ports: [{ port: 443 }],
      },
    ),
  })
  .map(withoutAbsent);

/** One rule for each set of isolated directions, called as what tenants write in histories, too. */
const RULES: Readonly<Record<'Ingress' | 'Egress', Rule>> = {
  Ingress: { name: 'custom', ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }] },
  Egress: {
    name: 'custom',
    podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }] },
    egress: [{ to: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.7/32'] } }], ports: [{ port: 'db' }] }],
  },
};

/** Specs that differ in everything that the rules look at. */
export const someSpec: fc.Arbitrary<BaselinePolicySpec> = fc
  .record({
    namespaceSelector: fc.constantFrom<BaselinePolicySpec['namespaceSelector']>(
      undefined,
      { matchLabels: { team: 'x' } },
      {},
      { matchLabels: { nobody: 'here' } },
    ),
    mode: fc.constantFrom(undefined, 'Enforce' as const, 'Enforce' as const, 'DryRun' as const, 'Paused' as const),
    isolate: fc.constantFrom<Isolate | undefined>(undefined, ['Ingress'], ['Egress'], ['Ingress', 'Egress']),
    allow,
    hasRule: seldom(true),
    onOptOut: fc.constantFrom(undefined, 'Remove' as const, 'Keep' as const),
    onDelete: fc.constantFrom(undefined, 'Keep' as const, 'Remove' as const),
    grace: seldom('0s'),
  })
  .map(({ allow: allowed, hasRule, onOptOut, onDelete, grace, ...spec }) =>
    withoutAbsent({
      ...withoutAbsent(spec),
      allow: Object.keys(allowed).length > 0 ? allowed : undefined,
      rules: hasRule === true ? [RULES[spec.isolate?.[0] ?? 'Ingress']] : undefined,
      removal: [onOptOut, onDelete, grace].every((field) => field === undefined)
        ? undefined
        : withoutAbsent({ onOptOut, onDelete, grace }),
    }),
  );

type WithoutAbsent<Fields> = { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };

function withoutAbsent<Fields extends object>(fields: Fields): WithoutAbsent<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as WithoutAbsent<Fields>;
}
