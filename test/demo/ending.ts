import { join } from 'node:path';
import type { ControlPlaneAddress } from '../support/control-plane/protocol.ts';
import { durationText } from './duration.ts';
import { columns } from './layout.ts';
import type { Measurement } from './measured-deed.ts';
import type { Screen } from './screen.ts';

/** All that was measured, in one table. */
export function tellMeasurements(screen: Screen, measurements: readonly Measurement[]): void {
  screen.line();
  screen.title("Measured, from sending the change until a watch of the demo's own saw what came of it");
  const rows = measurements.map(({ what, durationMs }) => [what, durationText(durationMs)]);
  for (const row of columns(rows, { rightFrom: 1 })) {
    screen.line(`   ${row}`);
  }
}

/** What to type next where nothing was kept. */
export function tellNext(screen: Screen): void {
  screen.line();
  screen.title('Everything is stopped and cleaned up. Next');
  tellCommands(screen, [
    ['try it by hand', 'make demo KEEP=1'],
    ['everything else', 'make help'],
  ]);
}

/** How to use what was kept, and how to end it. */
export function tellKept(screen: Screen, address: ControlPlaneAddress): void {
  screen.line();
  screen.title('It all keeps running. Try it by hand');
  const commands = [
    ['use it', `export KUBECONFIG=${address.kubeconfigPath}`],
    ['no kubectl?', `alias kubectl=${address.kubectlPath}`],
    ['look around', 'kubectl get baselinepolicies; kubectl get namespacebaselines,networkpolicies -A'],
    ['protect one', 'kubectl label namespace team-c nsbaseline.io/enabled=true'],
    ['wait for it', 'kubectl wait namespacebaseline/baseline -n team-c --for=condition=Ready'],
    ['ask why', 'kubectl describe namespacebaseline baseline -n team-b'],
    ['hand over', 'kubectl annotate netpol standard.allow-monitoring -n team-b nsbaseline.io/adopt=true'],
    ['allow more', 'kubectl edit baselinepolicy standard'],
    ['every field', 'kubectl explain baselinepolicy.spec.allow.dns'],
    ['its events', 'kubectl get events -A'],
    ['its log', `tail -f ${join(address.directory, 'operator.log')}`],
    ['end it all', `kill ${address.processId}`],
  ];
  tellCommands(screen, commands);
}

function tellCommands(screen: Screen, rows: readonly (readonly string[])[]): void {
  for (const row of columns(rows)) {
    screen.line(`   ${row}`);
  }
}
