import { EVERY_PORT, type PortSet, PROTOCOLS, portSetOf } from '../intervals/ports.ts';
import type { PodModel, Rule } from './cluster.ts';

/**
 * The ports that a rule is about. Names are looked up on `destination`, the pod that is connected to; without one, or
 * where it has no such port, a name is no port.
 */
export function rulePorts({ ports }: Rule, destination?: PodModel): PortSet {
  if (ports === undefined) {
    return EVERY_PORT;
  }
  return portSetOf(
    ports.flatMap((port) => {
      if (port.kind === 'numbers') {
        return [port];
      }
      return PROTOCOLS.flatMap((protocol) => {
        const declared = destination?.ports.find((one) => one.name === port.name && one.protocol === protocol);
        return declared === undefined || (port.protocol ?? protocol) !== protocol
          ? []
          : [{ protocol, first: declared.port, last: declared.port }];
      });
    }),
  );
}
