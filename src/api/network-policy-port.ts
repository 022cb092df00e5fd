import { z } from 'zod';
import { BOUNDS } from './bounds.ts';
import { about, text } from './bounded.ts';
import { withRules } from './schema-rule.ts';

const PORT_NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

const isPort = (port: number): boolean => port >= 1 && port <= 65_535;
// https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go (IsValidPortName)
const isPortName = (name: string): boolean => PORT_NAME.test(name) && /[a-z]/.test(name);

const portSchema = withRules(
  z.union([z.int(), text(BOUNDS.portNameLength)], { error: `expected a port number or the name of a container port of at most ${BOUNDS.portNameLength} characters` }),
  {
    cel: 'type(self) != int || (self >= 1 && self <= 65535)',
    holds: (port) => typeof port === 'string' || isPort(port),
    message: 'is not a port number; write 1 to 65535, or leave port out for every port',
  },
  {
    cel: `type(self) != string || (self.matches('${PORT_NAME.source}') && self.matches('[a-z]'))`,
    holds: (port) => typeof port === 'number' || isPortName(port),
    message: 'is not the name of a port; write a number without quotes, or up to 15 lower-case letters, digits and single "-" with at least one letter, such as http-metrics',
  },
).meta({ 'x-kubernetes-int-or-string': true, maxLength: BOUNDS.portNameLength });

/** A NetworkPolicyPort as the API has it; an empty one is every TCP port. */
export const networkPolicyPortSchema = withRules(
  z.strictObject({
    protocol: about(z.enum(['TCP', 'UDP', 'SCTP']).optional(), 'The protocol.', 'TCP'),
    port: about(portSchema.optional(), 'The port on the pods: its number, or the name that the container gives it. Service ports are not looked at.', 'every port of the protocol'),
    endPort: about(z.int().optional(), 'The last port of a range that begins at port, which must then be a number. Not every network plugin supports ranges.', 'port alone'),
  }),
  {
    cel: '!has(self.endPort) || (has(self.port) && type(self.port) == int)',
    holds: ({ port, endPort }) => endPort === undefined || typeof port === 'number',
    message: 'needs port as a number, the first of the range; write both, or leave endPort out',
    field: 'endPort',
  },
  {
    cel: '!has(self.endPort) || !has(self.port) || type(self.port) != int || (self.endPort >= self.port && self.endPort <= 65535)',
    holds: ({ port, endPort }) => endPort === undefined || typeof port !== 'number' || (endPort >= port && endPort <= 65_535),
    message: 'must be at least port and at most 65535; write the first port of the range as port and the last as endPort',
    field: 'endPort',
  },
);
/** {@link networkPolicyPortSchema} */
export type NetworkPolicyPort = z.infer<typeof networkPolicyPortSchema>;
