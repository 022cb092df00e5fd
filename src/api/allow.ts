import { z } from 'zod';
import { about, filledList } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import { cidrSchema, isCidr, isInside } from './cidr.ts';
import { peersSchema, portsSchema } from './network-policy.ts';
import { INGRESS_CONTROLLER_PRESETS, MONITORING_PRESETS, presetsSchema } from './presets.ts';
import { celList, withRules } from './schema-rule.ts';

const onUnlessTurnedOff = about(z.boolean().optional(), 'Whether this is allowed.', 'true');
const offUnlessTurnedOn = about(z.boolean().optional(), 'Whether this is allowed.', 'false');

const dnsSchema = withRules(
  z.strictObject({
    enabled: onUnlessTurnedOff,
    to: about(
      peersSchema(
        'an empty list is refused; leave "to" out to use the resolver found in the cluster, or write toAnywhere: true',
      ).optional(),
      'The resolvers that pods may query. Change it if pods do not use the resolver of the cluster, or if discovery does not find it.',
      'the resolver found in the cluster',
    ),
    also: about(
      peersSchema(
        'an empty list is refused; leave "also" out when the resolver found in the cluster is the only one',
      ).optional(),
      'Further resolvers, beside those that are found or listed in "to". Name here what cannot be found, such as a resolver on the nodes of one node pool.',
      'none',
    ),
    ports: about(
      portsSchema(
        'an empty list is refused; leave ports out for the ports on which the resolver was found to listen',
      ).optional(),
      'The ports on which the resolver listens in its pods. A port without a protocol stands for UDP and TCP. Change it if discovery finds the wrong ones.',
      'the ports found in the cluster, else 53 over UDP and TCP',
    ),
    toAnywhere: about(
      z.boolean().optional(),
      'Lets pods query any address on the DNS ports. For clusters whose resolver can be named neither by pods nor by address; it also lets data leave the cluster over DNS.',
      'false',
    ),
  }),
  {
    cel: '!has(self.to) || !has(self.toAnywhere) || !self.toAnywhere',
    holds: ({ to, toAnywhere }) => to === undefined || toAnywhere !== true,
    message:
      'toAnywhere: true and "to" contradict each other; take out toAnywhere to allow only what "to" lists, or take out "to"',
    field: 'to',
  },
);

const monitoringSchema = z.strictObject({
  enabled: onUnlessTurnedOff,
  from: about(
    peersSchema(
      'an empty list is refused; leave "from" out for Prometheus in namespace monitoring, or turn monitoring off with enabled: false',
    ).optional(),
    'The pods that scrape. Change it if monitoring runs in another namespace or under other labels.',
    'none where presets are named, else pods labelled app.kubernetes.io/name=prometheus in namespace monitoring',
  ),
  presets: presetsSchema(
    MONITORING_PRESETS,
    'Well-known products whose pods scrape, by name, beside those in "from". Several add up, so one policy can serve clusters that differ.',
  ),
  ports: about(
    portsSchema(
      'an empty list is refused; leave ports out for every TCP port, or name the ports that serve metrics',
    ).optional(),
    'The ports that may be scraped. Change it if all workloads serve metrics on known ports.',
    'every TCP port, since workloads differ',
  ),
});

const ingressControllerSchema = z.strictObject({
  enabled: offUnlessTurnedOn,
  from: about(
    peersSchema(
      'an empty list is refused; leave "from" out for namespace ingress-nginx, or name the pods of your ingress controller',
    ).optional(),
    'The pods of the ingress controller or gateway. Change it if it does not run in namespace ingress-nginx.',
    'none where presets are named, else every pod of namespace ingress-nginx',
  ),
  presets: presetsSchema(
    INGRESS_CONTROLLER_PRESETS,
    'Well-known ingress controllers and gateways, by name, beside those in "from". Several add up, so one policy can serve clusters that differ.',
  ),
  ports: about(
    portsSchema(
      'an empty list is refused; leave ports out for every TCP port, or name the ports that serve requests',
    ).optional(),
    'The ports that the controller may reach. Change it if all workloads serve on known ports.',
    'every TCP port',
  ),
});

/** The default of `allow.internet.cidrs`: both address families. */
const WHOLE_INTERNET = ['0.0.0.0/0', '::/0'] as const;

const isSmallerThanOne = (range: string, cidrs: readonly string[]): boolean =>
  cidrs.some((block) => block !== range && isInside(range, block));

const internetSchema = withRules(
  z.strictObject({
    enabled: offUnlessTurnedOn,
    cidrs: about(
      filledList(
        about(cidrSchema, 'An address block.'),
        BOUNDS.internetRanges,
        'an empty list is refused; leave cidrs out for the whole internet, or turn internet off with enabled: false',
      ).optional(),
      'The addresses that pods may reach. Private, shared, link-local, loopback and other reserved ranges, and the addresses at which clouds serve their nodes, are excluded from wider blocks; name such a range here to open it.',
      '0.0.0.0/0 and ::/0 without the reserved ranges',
    ),
    ports: about(
      portsSchema(
        'an empty list is refused, as it reads like "no port" and means every port; leave ports out for every port of every protocol',
      ).optional(),
      'The ports that pods may reach.',
      'every port of every protocol',
    ),
    except: about(
      filledList(
        about(cidrSchema, 'An address block inside one of cidrs.'),
        BOUNDS.internetRanges,
        'an empty list is refused; leave except out to leave out nothing but the reserved ranges',
      ).optional(),
      'Further blocks to exclude, such as public addresses of your own network.',
      'only the reserved ranges are excluded',
    ),
  }),
  {
    cel:
      '!has(self.except) || (has(self.cidrs) && self.cidrs.exists(block, !isCIDR(block))) || self.except.all(range, !isCIDR(range) || ' +
      `(has(self.cidrs) ? self.cidrs : ${celList(WHOLE_INTERNET)}).exists(block, block != range && cidr(block).containsCIDR(range)))`,
    holds: ({ cidrs = WHOLE_INTERNET, except = [] }) =>
      !cidrs.every(isCidr) || except.every((range) => !isCidr(range) || isSmallerThanOne(range, cidrs)),
    message:
      'every except must be a smaller block inside one of cidrs (0.0.0.0/0 and ::/0 when cidrs is absent); take the others out, they are not reachable anyway',
    suggestion: ({ cidrs = WHOLE_INTERNET, except = [] }) =>
      except.filter((range) => !isSmallerThanOne(range, cidrs)).join(', '),
    field: 'except',
  },
);

/** The traffic that pods of an isolated namespace keep, by purpose. */
export const allowSchema = z.strictObject({
  dns: about(
    dnsSchema.optional(),
    'Lets every pod resolve names. The operator discovers the resolver of the cluster and follows it when it moves; change this only if pods use another one.',
    'on, to the discovered resolver of the cluster, over UDP and TCP',
  ),
  monitoring: about(
    monitoringSchema.optional(),
    'Lets monitoring scrape every pod. Change it if Prometheus does not run in namespace monitoring, or turn it off if nothing is scraped.',
    'on, from pods app.kubernetes.io/name=prometheus in namespace monitoring, on every TCP port',
  ),
  sameNamespace: about(
    z.strictObject({ enabled: offUnlessTurnedOn }).optional(),
    'Lets the pods of one namespace talk to each other on every port, in the isolated directions. Turn it on if the namespace is the boundary, leave it off if each workload is.',
    'off',
  ),
  ingressController: about(
    ingressControllerSchema.optional(),
    'Lets the ingress controller reach every pod. Turn it on if namespaces serve requests from outside through an ingress controller or gateway.',
    'off; when on, from namespace ingress-nginx, on every TCP port',
  ),
  kubeApiServer: about(
    z.strictObject({ enabled: offUnlessTurnedOn }).optional(),
    'Lets every pod reach the Kubernetes API server, at its own addresses and at the address of its Service; the operator keeps both current. Turn it on for operators and other clients of the API.',
    'off',
  ),
  internet: about(
    internetSchema.optional(),
    'Lets every pod reach public addresses: no private or reserved range, and so neither cloud metadata services nor pods and nodes with private addresses. Pods and nodes with public addresses, such as those of IPv6 clusters in some clouds, are public addresses too: leave their ranges out with except.',
    'off; when on, every public address on every port',
  ),
});
/** {@link allowSchema} */
export type Allow = z.infer<typeof allowSchema>;
