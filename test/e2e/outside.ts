import { commandOutput } from './machine/command.ts';
import { goProgram } from './machine/go-programs.ts';
import { silentProgress } from '../controlplane/progress.ts';

/** Two addresses outside the cluster, of the ranges kept for documentation (RFC 5737): neither is a pod's, a node's or private. */
export const INTERNET = '203.0.113.10';
/** The one that the recipe `egress-to-database` names. */
export const DATABASE = '192.0.2.10';

/** Everything that there is outside: a network of its own behind the node, where a probe answers on these ports. */
const SETTING = `
set -eu
if ip netns list | grep -q outside; then exit 0; fi
ip netns add outside
ip link add outside type veth peer name eth0 netns outside
ip addr add 198.51.100.1/30 dev outside
ip link set outside up
ip -n outside addr add 198.51.100.2/30 dev eth0
ip -n outside link set lo up
ip -n outside link set eth0 up
for address in ${INTERNET} ${DATABASE}; do
  ip -n outside addr add "$address/32" dev lo
  ip route add "$address/32" via 198.51.100.2
done
# What UDP is asked of the internet is answered from there.
ip -n outside route change 198.51.100.0/30 dev eth0 src ${INTERNET}
ip -n outside route add default via 198.51.100.1 src ${INTERNET}
setsid ip netns exec outside /usr/local/bin/probe serve tcp:443 tcp:5432 tcp:8080 tcp:53 udp:53 > /dev/null 2>&1 < /dev/null &
`;

/** Sets that up on the node, once. */
export async function setOutside(node: string): Promise<void> {
  const probe = await goProgram('probe', silentProgress);
  await commandOutput({ program: 'docker', args: ['cp', probe, `${node}:/usr/local/bin/probe`] });
  await commandOutput({ program: 'docker', args: ['exec', node, 'sh', '-c', SETTING] });
}
