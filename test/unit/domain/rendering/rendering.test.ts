import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BaselinePolicySpec } from '../../../../src/api/baseline-policy.ts';
import { networkPolicyPeerSchema } from '../../../../src/api/network-policy.ts';
import { BUILT_IN_PARTS } from '../../../../src/api/parts.ts';
import { INGRESS_CONTROLLER_PRESETS, MONITORING_PRESETS } from '../../../../src/api/presets.ts';
import { internetBlocks, NOT_INTERNET } from '../../../../src/domain/rendering/internet.ts';
import { FALLBACK_DNS } from '../../../../src/domain/rendering/openings.ts';
import { type RenderedPart, renderedParts } from '../../../../src/domain/rendering/rendering.ts';
import { anySpec } from '../../../fixtures/arbitraries.ts';

function part(spec: BaselinePolicySpec, name: string, discovered = {}): RenderedPart | undefined {
  return renderedParts('standard', spec, discovered).find((candidate) => candidate.part === name);
}

describe('an empty spec', () => {
  test('means default-deny both ways, DNS and monitoring', () => {
    expect(renderedParts('standard', {}, {}).map(({ name }) => name)).toEqual([
      'standard.default-deny',
      'standard.allow-dns',
      'standard.allow-monitoring',
    ]);
  });

  test('denies with every field present, empty lists too', () => {
    expect(part({}, 'default-deny')?.spec).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [],
      egress: [],
    });
  });

  test('R14 asks the usual DNS when nothing was found', () => {
    expect(part({}, 'allow-dns')?.spec.egress).toEqual([FALLBACK_DNS]);
  });

  test('lets Prometheus in monitoring in on every TCP port, namespace AND pod', () => {
    expect(part({}, 'allow-monitoring')?.spec.ingress).toEqual([
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
            podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
          },
        ],
        ports: [{ protocol: 'TCP' }],
      },
    ]);
  });
});

describe('allow.dns', () => {
  const to = [{ ipBlock: { cidr: '192.0.2.53/32' } }];
  const found = {
    dns: { source: 'kube-system/kube-dns', egress: [{ to, ports: [{ protocol: 'UDP' as const, port: 5353 }] }] },
  };

  const both = (port: number): unknown[] => [
    { protocol: 'UDP', port },
    { protocol: 'TCP', port },
  ];
  const foundPorts = [...both(53), ...both(5353)];

  test('R14 uses what was discovered', () => {
    expect(part({}, 'allow-dns', found)?.spec.egress).toEqual(found.dns.egress);
  });
  test('F54 to overrides what was discovered, but for the ports', () => {
    expect(part({ allow: { dns: { to } } }, 'allow-dns', found)?.spec.egress).toEqual([{ to, ports: foundPorts }]);
    expect(part({ allow: { dns: { to } } }, 'allow-dns')?.spec.egress).toEqual([{ to, ports: both(53) }]);
  });
  test('F54 toAnywhere opens the DNS ports that were found to everyone, and no others', () => {
    expect(part({ allow: { dns: { toAnywhere: true } } }, 'allow-dns', found)?.spec.egress).toEqual([
      { ports: foundPorts },
    ]);
  });
  test('F62 a port without a protocol stands for UDP and TCP, one with a protocol for itself', () => {
    expect(part({ allow: { dns: { ports: [{ port: 8053 }] } } }, 'allow-dns', found)?.spec.egress).toEqual([
      { to, ports: both(8053) },
    ]);
    const udp = [{ port: 8053, protocol: 'UDP' as const }];
    expect(part({ allow: { dns: { ports: udp } } }, 'allow-dns', found)?.spec.egress).toEqual([{ to, ports: udp }]);
  });
  test('F54 also adds resolvers to what was discovered and to what is listed', () => {
    const also = [{ ipBlock: { cidr: '169.254.10.11/32' } }];
    expect(part({ allow: { dns: { also } } }, 'allow-dns', found)?.spec.egress).toEqual([
      ...found.dns.egress,
      { to: also, ports: foundPorts },
    ]);
    expect(part({ allow: { dns: { to, also } } }, 'allow-dns')?.spec.egress).toEqual([
      { to, ports: both(53) },
      { to: also, ports: both(53) },
    ]);
  });
});

describe('allow.kubeApiServer', () => {
  const spec = { allow: { kubeApiServer: { enabled: true } } };
  test('opens its endpoints and its Service address, each on its own port', () => {
    const discovered = {
      apiServer: {
        endpoints: [
          { address: '192.0.2.2', port: 6443 },
          { address: '192.0.2.1', port: 6443 },
        ],
        service: { addresses: ['10.96.0.1', 'fd00::1'], port: 443 },
      },
    };
    expect(part(spec, 'allow-kube-api-server', discovered)?.spec.egress).toEqual([
      {
        to: [{ ipBlock: { cidr: '10.96.0.1/32' } }, { ipBlock: { cidr: 'fd00::1/128' } }],
        ports: [{ protocol: 'TCP', port: 443 }],
      },
      {
        to: [{ ipBlock: { cidr: '192.0.2.1/32' } }, { ipBlock: { cidr: '192.0.2.2/32' } }],
        ports: [{ protocol: 'TCP', port: 6443 }],
      },
    ]);
  });
  test('is left out while no address is known, never rendered as allow-all', () => {
    expect(
      part(spec, 'allow-kube-api-server', { apiServer: { endpoints: [{ address: 'not an address', port: 1 }] } }),
    ).toBeUndefined();
  });
});

describe('presets', () => {
  const sourcesOf = (spec: BaselinePolicySpec, name: string): unknown => part(spec, name)?.spec.ingress[0]?.from;
  const from = [{ namespaceSelector: { matchLabels: { team: 'a' } } }];

  test('add to the declared peers and to each other, and replace the default', () => {
    const vmagent = MONITORING_PRESETS.vmagent.peer;
    const alloy = MONITORING_PRESETS.alloy.peer;
    expect(sourcesOf({ allow: { monitoring: { presets: ['vmagent'] } } }, 'allow-monitoring')).toEqual([vmagent]);
    expect(sourcesOf({ allow: { monitoring: { from, presets: ['vmagent', 'alloy'] } } }, 'allow-monitoring')).toEqual([
      ...from,
      vmagent,
      alloy,
    ]);
    expect(sourcesOf({ allow: { monitoring: {} } }, 'allow-monitoring')).toEqual([MONITORING_PRESETS.prometheus.peer]);
    const traefik = INGRESS_CONTROLLER_PRESETS.traefik.peer;
    expect(
      sourcesOf({ allow: { ingressController: { enabled: true, presets: ['traefik'] } } }, 'allow-ingress-controller'),
    ).toEqual([traefik]);
  });

  test('render alike in whatever order they are named', () => {
    const hash = (...presets: ('prometheus' | 'openshift')[]): string | undefined =>
      part({ allow: { monitoring: { presets } } }, 'allow-monitoring')?.hash;
    expect(hash('prometheus', 'openshift')).toBe(hash('openshift', 'prometheus'));
  });

  test('do not turn on a part that is off', () => {
    expect(part({ allow: { ingressController: { presets: ['kong'] } } }, 'allow-ingress-controller')).toBeUndefined();
  });

  test.each([...Object.entries(MONITORING_PRESETS), ...Object.entries(INGRESS_CONTROLLER_PRESETS)])(
    '%s is a peer of named namespaces, and says where its labels were read',
    (_name, { peer, sources }) => {
      expect(networkPolicyPeerSchema.safeParse(peer).success).toBe(true);
      expect(JSON.stringify(peer.namespaceSelector)).toContain('kubernetes.io/metadata.name');
      expect(sources.every((source) => source.startsWith('https://'))).toBe(true);
    },
  );
});

describe('allow.internet', () => {
  test('leaves out every private and special range of both families', () => {
    const blocks = internetBlocks({ cidrs: ['0.0.0.0/0', '::/0'], except: [] });
    const left = NOT_INTERNET.filter((range) => range !== 'fd00:ec2::/32');
    expect(blocks.flatMap(({ except }) => except ?? []).sort()).toEqual(left.sort());
    expect(blocks[1]?.except).toEqual([
      'fc00::/7',
      'fe80::/10',
      '64:ff9b:1::/48',
      '2002::/16',
      'ff00::/8',
      '64:ff9b::/96',
    ]);
  });
  test('a cidr in a private range is named on purpose and stands', () => {
    expect(internetBlocks({ cidrs: ['10.1.0.0/16'], except: ['10.1.2.0/24'] })).toEqual([
      { cidr: '10.1.0.0/16', except: ['10.1.2.0/24'] },
    ]);
  });
  test('the addresses at which a cloud serves its nodes stay out, also of a private block that somebody opens', () => {
    const [ipv4] = internetBlocks({ cidrs: ['0.0.0.0/0'], except: [] });
    expect(ipv4?.except).toContain('168.63.129.16/32');
    expect(internetBlocks({ cidrs: ['168.63.128.0/17', 'fd00::/8'], except: [] })).toEqual([
      { cidr: '168.63.128.0/17', except: ['168.63.129.16/32'] },
      { cidr: 'fd00::/8', except: ['fd00:ec2::/32'] },
    ]);
  });
  test('and are opened by name', () => {
    expect(internetBlocks({ cidrs: ['168.63.129.16/32', 'fd00:ec2::254/128'], except: [] })).toEqual([
      { cidr: '168.63.129.16/32' },
      { cidr: 'fd00:ec2::254/128' },
    ]);
  });
  test('a range inside another one is not repeated', () => {
    expect(internetBlocks({ cidrs: ['0.0.0.0/0'], except: ['10.1.0.0/16', '8.0.0.0/6'] })[0]?.except).toEqual([
      ...NOT_INTERNET.filter((range) => !range.includes(':') && range !== '10.0.0.0/8'),
      '8.0.0.0/6',
    ]);
  });
  test('a wider cidr keeps the private ranges inside it out', () => {
    expect(internetBlocks({ cidrs: ['192.0.0.0/8'], except: [] })).toEqual([
      { cidr: '192.0.0.0/8', except: ['192.168.0.0/16', '192.0.0.0/24'] },
    ]);
  });
});

describe('properties of every rendering', () => {
  test('a direction that is not isolated stays fully open', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        const isolated = spec.isolate ?? ['Ingress', 'Egress'];
        for (const { spec: rendered } of renderedParts('p', spec, {})) {
          expect(rendered.policyTypes.every((direction) => isolated.includes(direction))).toBe(true);
          if (!isolated.includes('Ingress')) {
            expect(rendered.ingress).toEqual([]);
          }
          if (!isolated.includes('Egress')) {
            expect(rendered.egress).toEqual([]);
          }
        }
      }),
    );
  });

  test('no rendered rule admits more than its declaration says: every rule without peers was declared so', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        for (const { part: name, spec: rendered } of renderedParts('p', spec, {})) {
          const open = [
            ...rendered.ingress.filter((rule) => rule.from === undefined),
            ...rendered.egress.filter((rule) => rule.to === undefined),
          ];
          if (name === 'allow-dns' && spec.allow?.dns?.toAnywhere === true) {
            expect(open.every((rule) => (rule.ports ?? []).length > 0)).toBe(true);
          } else {
            expect(open).toEqual([]);
          }
        }
      }),
    );
  });

  test('an empty list is never rendered, since the API reads it as everything', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        for (const { spec: rendered } of renderedParts('p', spec, { dns: { source: '', egress: [] } })) {
          for (const rule of rendered.ingress) {
            for (const list of [rule.from, rule.ports]) {
              expect(list).not.toEqual([]);
            }
          }
          for (const rule of rendered.egress) {
            for (const list of [rule.to, rule.ports]) {
              expect(list).not.toEqual([]);
            }
          }
        }
      }),
    );
  });

  test('the default-deny allows nothing and selects every pod', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        const deny = renderedParts('p', spec, {}).find((candidate) => candidate.part === 'default-deny')?.spec;
        expect(deny).toMatchObject({ podSelector: {}, ingress: [], egress: [] });
        expect(new Set(deny?.policyTypes)).toEqual(new Set(spec.isolate ?? ['Ingress', 'Egress']));
      }),
    );
  });

  test('parts come in the order in which people read them, and each once', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        const names = renderedParts('p', spec, {}).map((rendered) => rendered.part);
        const builtIn = BUILT_IN_PARTS.filter((name) => names.includes(name));
        expect(names.slice(0, builtIn.length)).toEqual(builtIn);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});
