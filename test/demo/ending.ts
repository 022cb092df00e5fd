import { join } from 'node:path';
import type { ControlPlaneAddress } from '../controlplane/protocol.ts';
import { durationText } from './duration.ts';
import { columns } from './layout.ts';
import type { Measurement } from './scene.ts';
import type { Screen } from './screen.ts';

/** All that was measured, in one table. */
export function tellMeasurements(screen: Screen, measurements: readonly Measurement[]): void {
  screen.line();
  screen.title("Measured, from sending the change until a watch of the demo's own saw what came of it");
  const rows = measurements.map(({ what, durationMs }) => [what, durationText(durationMs)]);
  for (const row of columns(rows, { rightFrom: 1 })) screen.line(`   ${row}`);
}

/** What to type next where nothing was kept. */
export function tellNext(screen: Screen): void {
  screen.line();
  screen.title('Everything is stopped and cleaned up. Next');
  tellCommands(screen, [
    ['make demo KEEP=1', 'the same, left running, to try it by hand'],
    ['make help', 'everything else'],
  ]);
}

/** How to use what was kept, and how to end it. */
export function tellKept(screen: Screen, address: ControlPlaneAddress): void {
  screen.line();
  screen.title('It all keeps running. Try it by hand');
  tellCommands(screen, [[`export KUBECONFIG=${address.kubeconfigPath}`]]);
  tellCommands(screen, [[`alias kubectl=${address.kubectlPath}`, '# if you have none']]);
  screen.line();
  tellCommands(screen, [
    ['kubectl get baselinepolicies', '# and namespacebaselines -A, networkpolicies -A'],
    ['kubectl label namespace team-c nsbaseline.io/enabled=true', '# protect one more'],
    ['kubectl describe namespacebaseline baseline -n team-b', '# why it is in conflict'],
    ['kubectl annotate networkpolicy -n team-b standard.allow-monitoring nsbaseline.io/adopt=true', '# hand it over'],
    ['kubectl edit baselinepolicy standard', '# change what is allowed'],
    ['kubectl explain baselinepolicy.spec.allow.dns', '# every field is described'],
    ['kubectl get events -A', '# what the operator did'],
    [`tail -f ${join(address.directory, 'operator.log')}`, '# and what it says'],
  ]);
  screen.line();
  screen.title('The one command that ends it all and removes its files');
  tellCommands(screen, [[`kill ${address.processId}`]]);
}

function tellCommands(screen: Screen, rows: readonly (readonly string[])[]): void {
  for (const row of columns(rows)) screen.line(`   ${row}`);
}
