import { spawn } from 'node:child_process';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { versionDirectory, type Program } from './cache.ts';
import { withLock } from './cache-lock.ts';
import type { Progress } from './progress.ts';
import { KUBERNETES_VERSIONS, type KubernetesChoice } from './versions.ts';

/** The Go that the go.mod of the newest Kubernetes and of etcd asks for. */
export const GO_VERSION = '1.26';

const GO_ADVICE = `Install Go ${GO_VERSION} or newer (https://go.dev/dl/), or set KUBEBUILDER_ASSETS to a folder with the programs.`;

/** What to build, and into which cache. */
export interface BuildRequest {
  readonly cache: string;
  readonly choice: KubernetesChoice;
  readonly programs: readonly Program[];
  readonly progress: Progress;
}

/** One `go build`: packages of one module, with the names of the programs that they become. */
interface Module {
  readonly folder: string;
  readonly packages: Readonly<Partial<Record<Program, string>>>;
}

const ETCD: Module = { folder: 'etcd', packages: { etcd: 'go.etcd.io/etcd/server/v3' } };

function kubernetes(choice: KubernetesChoice): Module {
  const names: readonly Program[] = ['kube-apiserver', 'kube-controller-manager', 'kubectl'];
  return { folder: `${choice}-kubernetes`, packages: Object.fromEntries(names.map((name) => [name, `k8s.io/kubernetes/cmd/${name}`])) };
}

/**
 * Builds programs from Go modules into the cache, some 6 minutes on two cores; what an interrupted build has compiled is
 * not compiled again. Go's own caches go into ours, so that the user's stay as they are; modules that the user has already
 * are read from there. Throws with what to install when there is no Go.
 */
export async function buildPrograms(request: BuildRequest): Promise<void> {
  const directory = versionDirectory(request.cache, KUBERNETES_VERSIONS[request.choice].built);
  const lock = { path: `${directory}.lock`, onWait: (holder: number) => { request.progress.say(`Another process (${holder}) is building this; waiting for it.`); } };
  await withLock(lock, async () => {
    const environment = await goEnvironment(request.cache);
    const staging = `${directory}.building`;
    await mkdir(staging, { recursive: true });
    await mkdir(directory, { recursive: true });
    for (const module of [kubernetes(request.choice), ETCD]) {
      const wanted = request.programs.filter((program) => module.packages[program] !== undefined);
      for (const program of wanted) await buildProgram({ ...request, module, program, staging, environment });
      for (const program of wanted) await rename(join(staging, program), join(directory, program));
    }
    await rm(staging, { recursive: true, force: true });
    // Gigabytes that only another build of the same version could use.
    await rm(join(request.cache, 'go', 'build'), { recursive: true, force: true });
  });
}

interface ProgramBuild extends BuildRequest {
  readonly module: Module;
  readonly program: Program;
  readonly staging: string;
  readonly environment: NodeJS.ProcessEnv;
}

async function buildProgram(build: ProgramBuild): Promise<void> {
  const { module, program, progress, environment } = build;
  const cwd = join(import.meta.dirname, module.folder);
  const path = module.packages[program] ?? '';
  const flags = ['-trimpath', `-ldflags=${linkerFlags(build)}`];
  const startMs = performance.now();
  const elapsed = (): string => clockTime(performance.now() - startMs);
  let state = 'fetching modules';
  const show = (): void => { progress.update(`${program}: ${state}, ${elapsed()}`); };
  const ticker = setInterval(show, 1_000);
  try {
    show();
    const stale: string[] = [];
    await runGo({ args: ['list', '-deps', ...flags, '-f={{if .Stale}}{{.ImportPath}}{{end}}', path], cwd, environment, onOutput: (line) => stale.push(line) });
    const outstanding = new Set(stale);
    const total = Math.max(outstanding.size, 1);
    state = 'compiling';
    await runGo({
      args: ['build', '-v', ...flags, '-o', join(build.staging, program), path],
      cwd,
      environment,
      onError(line) {
        outstanding.delete(line);
        const percent = Math.floor(((total - outstanding.size) / total) * 100);
        state = outstanding.size === 0 ? 'linking' : `${percent} % of ${total} packages compiled`;
      },
    });
    progress.say(`${program}: built in ${elapsed()}`);
  } finally {
    clearInterval(ticker);
  }
}

function linkerFlags({ choice, module }: ProgramBuild): string {
  if (module === ETCD) return '-s -w';
  const version = KUBERNETES_VERSIONS[choice].built;
  const [major, minor] = version.split('.');
  const stamps = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  return ['-s -w', ...Object.entries(stamps).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value ?? ''}`)].join(' ');
}

function clockTime(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Everything that Go writes lies in our cache; what it reads of the user's stays: settings, proxies, modules at hand. */
async function goEnvironment(cache: string): Promise<NodeJS.ProcessEnv> {
  const own = join(cache, 'go');
  const configuration = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config');
  const base: NodeJS.ProcessEnv = {
    ...process.env,
    GOENV: process.env.GOENV ?? join(configuration, 'go', 'env'),
    // Go counts its use in the user's configuration folder.
    XDG_CONFIG_HOME: join(own, 'config'),
    CGO_ENABLED: '0',
  };
  const lines: string[] = [];
  await runGo({ args: ['env', 'GOMODCACHE', 'GOPROXY', 'GOFLAGS'], cwd: import.meta.dirname, environment: base, onOutput: (line) => lines.push(line) });
  const [moduleCache = '', proxies = '', flags = ''] = lines;
  const atHand = join(moduleCache, 'cache', 'download');
  const hasModules = moduleCache !== '' && (await access(atHand).then(() => true, () => false));
  return {
    ...base,
    GOPATH: own,
    GOMODCACHE: join(own, 'mod'),
    GOCACHE: join(own, 'build'),
    GOPROXY: [...(hasModules ? [`file://${atHand}`] : []), proxies].join(','),
    // Without this the module cache is read-only, and `rm -r` of our cache fails.
    GOFLAGS: `${flags} -modcacherw`.trim(),
  };
}

interface GoRun {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly onOutput?: (line: string) => void;
  readonly onError?: (line: string) => void;
}

async function runGo(run: GoRun): Promise<void> {
  const child = spawn('go', run.args, { cwd: run.cwd, env: run.environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const lastWords: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => run.onOutput?.(line));
  createInterface({ input: child.stderr }).on('line', (line) => {
    run.onError?.(line);
    lastWords.push(line);
    if (lastWords.length > 20) lastWords.shift();
  });
  const stopChild = (): void => { child.kill('SIGTERM'); };
  process.once('exit', stopChild);
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (exitCode !== 0) {
      const words = lastWords.join('\n');
      const advice = words.includes('requires go') ? `\n${GO_ADVICE}` : '';
      throw new Error(`"go ${run.args[0] ?? ''}" failed in ${run.cwd}:\n${words}${advice}`);
    }
  } catch (error) {
throw isMissing(error) ? new Error(`Go is not installed. ${GO_ADVICE}`, { cause: error }) : error;
  } finally {
    process.off('exit', stopChild);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
