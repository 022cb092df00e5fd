/** Starts a control plane and prints its address as one JSON line; then waits to be killed, or with the argument `keep` leaves it behind. */
import { startControlPlane } from './control-plane.ts';
import { kubernetesChoice } from './versions.ts';

const controlPlane = await startControlPlane({ version: kubernetesChoice(process.env) });
process.stdout.write(`${JSON.stringify(controlPlane.address)}\n`);
if (process.argv[2] === 'keep') {
  await controlPlane.keep();
} else {
  setInterval(() => undefined, 60_000);
}
