import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { controlPlaneBinaries } from './binaries.ts';
import { type Cluster, clusterAt } from './cluster.ts';
import { type Progress, silentProgress } from './progress.ts';
import type { ServerFlags, SupervisorCommand, SupervisorMessage, SupervisorOptions } from './protocol.ts';
import type { KubernetesChoice } from './versions.ts';

/** A control plane of one's own. It ends with `stop`, and by itself when this process ends in any way. */
export interface ControlPlane extends Cluster {
  /** Resolves when every process has ended and every temporary file is gone. */
  stop(): Promise<void>;
  /** Kills the API server at once (SIGKILL); etcd and what it stores stay. */
  killApiServer(): Promise<void>;
  /** Starts a killed API server again, on the same port, and resolves when it is ready. */
  startApiServer(): Promise<void>;
  /** Stops the API server where it stands (SIGSTOP): its connections stay open and silent. */
  pauseApiServer(): Promise<void>;
  continueApiServer(): Promise<void>;
  /** Stops etcd where it stands: the API server can store nothing, and answers only from what it remembers, as without a quorum. */
  pauseEtcd(): Promise<void>;
  continueEtcd(): Promise<void>;
  /** Remembers what etcd has stored now, in place of what was saved before; it pauses etcd for milliseconds. */
  saveEtcd(): Promise<void>;
  /** Puts back what was saved, as after a disaster: everything is killed, and started again on the older state. Resolves when the API server is ready. */
  restoreEtcd(): Promise<void>;
  /** Lets it outlive this process: from now on only SIGTERM to `address.processId` ends it. */
  keep(): Promise<void>;
}

/** Which Kubernetes, and who is told how the download or the build of it goes: nobody when absent. */
export interface ControlPlaneRequest {
  readonly version: KubernetesChoice;
  readonly progress?: Progress;
  readonly flags?: ServerFlags;
}

/**
 * Starts etcd, kube-apiserver and kube-controller-manager on 127.0.0.1, some 5 seconds when they are cached. Throws, with
 * the last words of what failed, when one of them does not come up.
 */
export async function startControlPlane(request: ControlPlaneRequest): Promise<ControlPlane> {
  const binaries = await controlPlaneBinaries({
    version: request.version,
    progress: request.progress ?? silentProgress,
  });
  const options: SupervisorOptions = { choice: request.version, binaries, flags: request.flags ?? {} };
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('supervisor.ts', import.meta.url)), JSON.stringify(options)],
    {
      // A session of its own, so that Ctrl-C reaches only us, and the servers end in order.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let lastWords = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-20_000)));
  child.stdin.on('error', () => undefined);
  const exited = new Promise<void>((resolve) => {
    child.on('exit', () => {
      resolve();
    });
    child.on('error', (error) => {
      lastWords += String(error);
      resolve();
    });
  });

  const lines = createInterface({ input: child.stdout });
  const answers = lines[Symbol.asyncIterator]();
  const answer = async (): Promise<SupervisorMessage> => {
    const { value, done } = await answers.next();
    if (done === true) {
      throw new Error(`the control plane ended: ${lastWords}`);
    }
    const message = JSON.parse(value) as SupervisorMessage;
    if (message.kind === 'failed') {
      throw new Error(message.message);
    }
    return message;
  };
  const command = async (word: SupervisorCommand): Promise<void> => {
    child.stdin.write(`${word}\n`);
    await answer();
  };

  const first = await answer();
  if (first.kind !== 'ready') {
    throw new Error('the control plane did not say where it is');
  }
  let isStopped = false;
  return {
    ...clusterAt(first.address),
    killApiServer: () => command('killApiServer'),
    startApiServer: () => command('startApiServer'),
    pauseApiServer: () => command('pauseApiServer'),
    continueApiServer: () => command('continueApiServer'),
    pauseEtcd: () => command('pauseEtcd'),
    continueEtcd: () => command('continueEtcd'),
    saveEtcd: () => command('saveEtcd'),
    restoreEtcd: () => command('restoreEtcd'),
    async keep() {
      await command('keep');
      child.unref();
      for (const stream of [child.stdin, child.stdout, child.stderr]) {
        stream.destroy();
      }
    },
    async stop() {
      if (isStopped) {
        return;
      }
      isStopped = true;
      await command('stop');
      await exited;
    },
  };
}
