/** Starts a control plane, prints its address as one JSON line and waits to be killed: what a test of that kills. */
import { startControlPlane } from './control-plane.ts';
import { kubernetesChoice } from './versions.ts';

const { address } = await startControlPlane({ version: kubernetesChoice(process.env) });
process.stdout.write(`${JSON.stringify(address)}\n`);
setInterval(() => undefined, 60_000);
