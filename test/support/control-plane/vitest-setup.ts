import type { TestProject } from 'vitest/node';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { progressOn } from './progress.ts';
import type { ControlPlaneAddress } from './protocol.ts';
import { kubernetesChoice } from './versions.ts';

declare module 'vitest' {
  /** What `inject` gives in contract and integration tests. */
  export interface ProvidedContext {
    readonly controlPlane: ControlPlaneAddress;
  }
}

/** The run's one control plane and how many projects still use it; each project loads this file anew, so it lives on the process. */
interface Shared {
  users: number;
  readonly controlPlane: Promise<ControlPlane>;
}
const shared = process as NodeJS.Process & { nsbaselineControlPlane?: Shared };

/** Starts the control plane of a vitest run, or joins the one that another project of the run has started. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.nsbaselineControlPlane ??= {
    users: 0,
    controlPlane: startControlPlane({
      version: kubernetesChoice(process.env),
      progress: progressOn(process.stderr),
    }),
  };
  const use = shared.nsbaselineControlPlane;
  use.users += 1;
  const controlPlane = await use.controlPlane;
  project.provide('controlPlane', controlPlane.address);
  return async () => {
    use.users -= 1;
    if (use.users === 0) {
      await controlPlane.stop();
    }
  };
}
