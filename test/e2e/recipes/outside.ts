import { silentProgress } from '../../support/control-plane/progress.ts';
import { commandOutput } from '../machine/command.ts';
import { goProgram } from '../machine/go-programs.ts';

/**
 * Addresses outside the cluster, all of one machine: `internet` and `cloudDatabase` of the ranges kept for documentation
 * (RFC 5737), which are nobody's and not private; `office` and `carrier` of private and shared ranges (RFC 1918, RFC 6598);
 * and the one where clouds hand out credentials.
 */
export const OUTSIDE = {
  internet: '203.0.113.10',
  /** The one that the recipe `egress-to-database` names. */
  cloudDatabase: '192.0.2.10',
  office: '192.168.203.10',
  carrier: '100.64.0.10',
  metadata: '169.254.169.254',
} as const;

const PORTS = ['tcp:53', 'udp:53', 'tcp:443', 'tcp:5432', 'tcp:8080'];

/** A network of its own behind the node, and a probe in it; the answers by UDP come from `internet`. */
const SETTING = `
set -eu
if ip netns list | grep -q outside; then
  ip netns pids outside | xargs -r kill
  ip netns delete outside
  ip link delete outside 2> /dev/null || true
fi
ip netns add outside
ip link add outside type veth peer name eth0 netns outside
ip address add 198.51.100.1/30 dev outside
ip link set outside up
ip -n outside address add 198.51.100.2/30 dev eth0
ip -n outside link set lo up
ip -n outside link set eth0 up
for address in ${Object.values(OUTSIDE).join(' ')}; do
  ip -n outside address add "$address/32" dev lo
  ip route replace "$address/32" via 198.51.100.2
done
ip -n outside route change 198.51.100.0/30 dev eth0 src ${OUTSIDE.internet}
ip -n outside route add default via 198.51.100.1 src ${OUTSIDE.internet}
setsid ip netns exec outside /usr/local/bin/probe serve ${PORTS.join(' ')} > /dev/null 2>&1 < /dev/null &
`;

/** Sets that up on the node, anew. */
export async function setOutside(node: string): Promise<void> {
  const probe = await goProgram('probe', silentProgress);
  await commandOutput({ program: 'docker', args: ['cp', probe, `${node}:/usr/local/bin/probe`] });
  await commandOutput({ program: 'docker', args: ['exec', node, 'sh', '-c', SETTING] });
}

/** Asks targets from there, as `ask` does from a pod. */
export async function askFromOutside(node: string, ...targets: readonly string[]): Promise<string> {
  return commandOutput({
    program: 'docker',
    args: ['exec', node, 'ip', 'netns', 'exec', 'outside', '/usr/local/bin/probe', 'ask', ...targets],
  });
}
