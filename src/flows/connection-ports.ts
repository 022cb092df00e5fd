/**
 * The first port that Linux gives to clients by default
 * (https://docs.kernel.org/networking/ip-sysctl.html, `ip_local_port_range`).
 */
const FIRST_EPHEMERAL_PORT = 32_768;

/** Whether clients are given such a port by default. A server may listen there, too. */
export function isEphemeral(port: number): boolean {
  return port >= FIRST_EPHEMERAL_PORT;
}

/**
 * Whether a packet between two ports looks like an answer: to a port that clients are given, from one that they are
 * not. When both or neither are, the smaller port is taken for the server's.
 */
export function looksLikeReply(ports: { readonly source: number; readonly destination: number }): boolean {
  if (isEphemeral(ports.source) !== isEphemeral(ports.destination)) {
    return isEphemeral(ports.destination);
  }
  return ports.source < ports.destination;
}
