import { z } from 'zod';
import { about, text } from './bounded.ts';
import { BOUNDS } from './bounds.ts';
import { withRules } from './schema-rule.ts';

/**
 * The syntax of a port name, apart from its length: lower-case letters, digits and single hyphens with at least one letter
 * (https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go, IsValidPortName).
 */
const PORT_NAME = /^([0-9]+-)*[0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

const NAME_HINT =
  'is not the name of a port; write a number without quotes, or up to 15 lower-case letters, digits and single "-" with at least one letter, such as http-metrics';

const portSchema = z
  .union([z.int(), text(BOUNDS.portNameLength).regex(PORT_NAME, NAME_HINT)], {
    error: ({ input }) => (typeof input === 'string' ? NAME_HINT : 'must be the number or the name of a port'),
  })
  .meta({ 'x-kubernetes-int-or-string': true, maxLength: BOUNDS.portNameLength, pattern: PORT_NAME.source });

/** A NetworkPolicyPort of the Kubernetes API; an empty one is every TCP port. */
export const networkPolicyPortSchema = withRules(
  z.strictObject({
    protocol: about(z.enum(['TCP', 'UDP', 'SCTP']).optional(), 'The protocol.', 'TCP'),
    port: about(
      portSchema.optional(),
      'The port on the pods: its number, or its name in the container. Service ports do not matter.',
      'every port of the protocol',
    ),
    endPort: about(
      z.int().optional(),
      'The last port of a range that begins at port, which must then be a number. Not every network plugin supports ranges.',
      'port alone',
    ),
  }),
  // This rule is not on `port` itself, and no rule reads the text of it: up to Kubernetes 1.33 at least, CEL's cost
  // estimate assumes 3 MB of text for a field that is a number or text, whatever its maxLength, and refuses the CRD.
  {
    cel: '!has(self.port) || type(self.port) != int || (int(self.port) >= 1 && int(self.port) <= 65535)',
    holds: ({ port }) => typeof port !== 'number' || (port >= 1 && port <= 65_535),
    message: 'is not a port number; write 1 to 65535, or leave port out for every port',
    field: 'port',
  },
  {
    cel: '!has(self.endPort) || (has(self.port) && type(self.port) == int)',
    holds: ({ port, endPort }) => endPort === undefined || typeof port === 'number',
    message: 'needs port as a number, the first of the range; write both, or leave endPort out',
    field: 'endPort',
  },
  {
    cel: '!has(self.endPort) || !has(self.port) || type(self.port) != int || (self.endPort >= int(self.port) && self.endPort <= 65535)',
    holds: ({ port, endPort }) =>
      endPort === undefined || typeof port !== 'number' || (endPort >= port && endPort <= 65_535),
    message:
      'must be at least port and at most 65535; write the first port of the range as port and the last as endPort',
    field: 'endPort',
  },
);
/** {@link networkPolicyPortSchema} */
export type NetworkPolicyPort = z.infer<typeof networkPolicyPortSchema>;
