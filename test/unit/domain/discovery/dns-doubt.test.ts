import { describe, expect, test } from 'vitest';
import type { BaselinePolicySpec, Discovered } from '../../../../src/api/baseline-policy.ts';
import { dnsDoubtFor } from '../../../../src/domain/discovery/dns-doubt.ts';
import { KNOWN_DNS } from '../../../fixtures/known-dns.ts';

const NOTHING: Discovered = {};
const UNANSWERED: Discovered = { dns: { source: 'kube-system/kube-dns', egress: [], unanswered: true } };
const PEERS = [{ ipBlock: { cidr: '10.0.0.10/32' } }];

describe('R14 which policies wait for the DNS of the cluster', () => {
  test.each<[string, Discovered, string | undefined]>([
    ['05 nothing was found', NOTHING, 'DnsNotFound'],
    ['06 nothing that was found is ready or answers', UNANSWERED, 'DnsUnanswered'],
    ['a resolver is believed', KNOWN_DNS, undefined],
  ])('a policy that rests on discovery, where %s', (_, discovered, doubt) => {
    expect(dnsDoubtFor({}, discovered)).toBe(doubt);
    expect(dnsDoubtFor({ isolate: ['Egress'], allow: { dns: { ports: [{ port: 53 }] } } }, discovered)).toBe(doubt);
  });

  test.each<[string, BaselinePolicySpec]>([
    ['isolates ingress only', { isolate: ['Ingress'] }],
    ['lets pods query no resolver', { allow: { dns: { enabled: false } } }],
    ['names the resolvers', { allow: { dns: { to: PEERS } } }],
    ['adds resolvers', { allow: { dns: { also: PEERS } } }],
    ['lets pods query any address', { allow: { dns: { toAnywhere: true } } }],
  ])('no policy that %s', (_, spec) => {
    expect(dnsDoubtFor(spec, NOTHING)).toBeUndefined();
    expect(dnsDoubtFor(spec, UNANSWERED)).toBeUndefined();
  });
});
