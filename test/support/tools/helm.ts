import { execFile } from 'node:child_process';
import type { ControlPlaneAddress } from '../control-plane/protocol.ts';
import { toolPath } from './tools.ts';

/** How a run of Helm ended. */
export interface HelmResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the Helm of the cache; nothing of the user's Helm or kubeconfig is read or written. It never throws for what Helm says. */
export function runHelm(
  args: readonly string[],
  { address, folder }: { readonly address?: ControlPlaneAddress; readonly folder: string },
): Promise<HelmResult> {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    ...(address === undefined ? {} : { KUBECONFIG: address.kubeconfigPath }),
  };
  return new Promise((resolve) => {
    execFile(toolPath('helm'), args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const failureCode = typeof error?.code === 'number' ? error.code : 1;
      resolve({ exitCode: error === null ? 0 : failureCode, stdout, stderr });
    });
  });
}
