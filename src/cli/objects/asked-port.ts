import { LAST_PORT, type PortOf, PROTOCOLS } from '../../policy/index.ts';

/** A port to ask about; a name is that of a container port, or for a Service of one of its ports. */
export interface AskedPort {
  readonly protocol: string;
  readonly port?: number | string;
}

/** A port as people write it: `8080/tcp`, `web/tcp`, `icmp`. */
export function portText({ protocol, port }: AskedPort): string {
  return port === undefined ? protocol.toLowerCase() : `${port}/${protocol.toLowerCase()}`;
}

const PORT_NAME = /^[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?$/;

/** Reads `8080/tcp`, `8080`, `http`, `53/udp` or `icmp`; undefined for anything else. */
export function askedPort(text: string): AskedPort | undefined {
  if (/^icmp(?:v6)?$/i.test(text)) {
    return { protocol: text.toUpperCase() };
  }
  const [, written = '', name = 'tcp'] = /^([^/]+)(?:\/(\w+))?$/.exec(text) ?? [];
  const protocol = PROTOCOLS.find((one) => one === name.toUpperCase());
  return !/^\d+$/.test(written) && protocol !== undefined && PORT_NAME.test(written)
    ? { protocol, port: written }
    : numberedPort(text);
}

/** Reads `8080/tcp`, `8080` or `53/udp`; undefined for anything else. */
export function numberedPort(text: string): PortOf | undefined {
  const [, number = '', name = 'tcp'] = /^(\d{1,5})(?:\/(\w+))?$/.exec(text) ?? [];
  const protocol = PROTOCOLS.find((one) => one === name.toUpperCase());
  const port = Number(number);
  return protocol === undefined || port < 1 || port > LAST_PORT ? undefined : { protocol, port };
}
