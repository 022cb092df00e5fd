import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Progress } from './progress.ts';

/** The Go that every go.mod of ours asks for at most. */
export const GO_VERSION = '1.26';

const GO_ADVICE = `Install Go ${GO_VERSION} or newer (https://go.dev/dl/), or set KUBEBUILDER_ASSETS to a folder with the programs of the control plane.`;

/** One `go build` of one program. */
export interface Compilation {
  /** What the program is called in the progress. */
  readonly name: string;
  /** The folder of the go.mod. */
  readonly module: string;
  readonly packagePath: string;
  readonly linkerFlags: string;
  /** Build tags; none by default. */
  readonly tags?: readonly string[];
  /** The file to write. */
  readonly output: string;
  /** Of {@link goEnvironment}. */
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: Progress;
}

/** Fetches the modules, compiles and links, telling how far it is. Throws with the last words of Go, or with what to install where there is none. */
export async function compileProgram(compilation: Compilation): Promise<void> {
  const { name, module: cwd, packagePath, progress, environment } = compilation;
  const flags = ['-trimpath', `-ldflags=${compilation.linkerFlags}`, `-tags=${(compilation.tags ?? []).join()}`];
  const startMs = performance.now();
  const elapsed = (): string => clockTime(performance.now() - startMs);
  let state = 'fetching modules';
  const show = (): void => {
    progress.update(`${name}: ${state}, ${elapsed()}`);
  };
  const ticker = setInterval(show, 1_000);
  try {
    show();
    const stale: string[] = [];
    await runGo({
      args: ['list', '-deps', ...flags, '-f={{if .Stale}}{{.ImportPath}}{{end}}', packagePath],
      cwd,
      environment,
      onOutput: (line) => stale.push(line),
    });
    const outstanding = new Set(stale);
    const total = Math.max(outstanding.size, 1);
    state = 'compiling';
    await runGo({
      args: ['build', '-v', ...flags, '-o', compilation.output, packagePath],
      cwd,
      environment,
      onError(line) {
        outstanding.delete(line);
        const percent = Math.floor(((total - outstanding.size) / total) * 100);
        state = outstanding.size === 0 ? 'linking' : `${percent} % of ${total} packages compiled`;
      },
    });
    progress.say(`${name}: built in ${elapsed()}`);
  } finally {
    clearInterval(ticker);
  }
}

function clockTime(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Everything that Go writes lies in our cache; what it reads of the user's stays: settings, proxies, modules at hand. */
export async function goEnvironment(cache: string): Promise<NodeJS.ProcessEnv> {
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
  await runGo({
    args: ['env', 'GOMODCACHE', 'GOPROXY', 'GOFLAGS'],
    cwd: import.meta.dirname,
    environment: base,
    onOutput: (line) => lines.push(line),
  });
  const [moduleCache = '', proxies = '', flags = ''] = lines;
  const atHand = join(moduleCache, 'cache', 'download');
  const hasModules =
    moduleCache !== '' &&
    (await access(atHand).then(
      () => true,
      () => false,
    ));
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
    if (lastWords.length > 20) {
      lastWords.shift();
    }
  });
  const stopChild = (): void => {
    child.kill('SIGTERM');
  };
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
