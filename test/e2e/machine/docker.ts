import { spawn } from 'node:child_process';
import { copyFile, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../../support/control-plane/progress.ts';
import { commandOutput, commandResult } from './command.ts';
import { dockerFiles, e2eCache } from './places.ts';

/** What a node image and Docker itself need of Debian, by the program that shows that it is there. */
const PACKAGES = { dockerd: 'docker.io', iptables: 'iptables', debootstrap: 'debootstrap' } as const;
const START_LIMIT_MS = 60_000;
const CAP_SYS_RESOURCE = 24n;

/**
 * Has Docker running. Where it is missing it is installed and started, without systemd, on Debian and as root only; it goes
 * on running afterwards, until `make e2e-clean`. Throws with what to install everywhere else.
 */
export async function ensureDocker(progress: Progress): Promise<void> {
  if (await answersDocker()) {
    return;
  }
  if (!(await isDebianRoot())) {
    throw new Error(
      'The end-to-end tests need Docker, and it does not answer. Install it (https://docs.docker.com/engine/install/), start it, and see that "docker info" works for you.',
    );
  }
  await installMissing(['dockerd', 'iptables'], progress);
  const { processId, log } = dockerFiles();
  await mkdir(e2eCache(), { recursive: true });
  progress.say(`Starting Docker; what it says goes to ${log}.`);
  const words = await open(log, 'a');
  const limits = (await hasResourceRight())
    ? []
    : ['--add-runtime', `limited=${await keptRuntime()}`, '--default-runtime', 'limited'];
  const daemon = spawn('dockerd', limits, { detached: true, stdio: ['ignore', words.fd, words.fd] });
  await new Promise<void>((resolve, reject) => {
    daemon.once('spawn', resolve).once('error', reject);
  });
  daemon.unref();
  await words.close();
  await writeFile(processId, `${daemon.pid ?? ''}\n`);
  const limitMs = performance.now() + START_LIMIT_MS;
  while (!(await answersDocker())) {
    if (performance.now() > limitMs || daemon.exitCode !== null) {
      throw new Error(`Docker does not start:\n${(await readFile(log, 'utf8')).split('\n').slice(-20).join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** A wrapper stands in for runc where root cannot give containers what privileged ones ask for. It lies where Docker finds it for as long as it runs, which may be longer than there is this checkout. */
async function keptRuntime(): Promise<string> {
  const kept = join(e2eCache(), 'runc-without-resources');
  await copyFile(join(import.meta.dirname, 'runc-without-resources'), kept);
  return kept;
}

/** Has debootstrap, which makes the root file system of a node. Throws with what to install where that cannot be done from here. */
export async function ensureNodeTools(progress: Progress): Promise<void> {
  if (await isThere('debootstrap')) {
    return;
  }
  if (!(await isDebianRoot())) {
    throw new Error(
      'A node image is built with debootstrap, as root. Install it, or run this where docker.io can be reached.',
    );
  }
  await installMissing(['debootstrap'], progress);
}

async function installMissing(programs: readonly (keyof typeof PACKAGES)[], progress: Progress): Promise<void> {
  const missing: string[] = [];
  for (const program of programs) {
    if (!(await isThere(program))) {
      missing.push(PACKAGES[program]);
    }
  }
  if (missing.length === 0) {
    return;
  }
  progress.say(`Installing ${missing.join(', ')} with apt-get.`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await commandOutput({ program: 'apt-get', args: ['update', '-qq'], environment });
  await commandOutput({
    program: 'apt-get',
    args: ['install', '-y', '-qq', '--no-install-recommends', ...missing],
    environment,
    onLine: (line) => {
      progress.update(line);
    },
  });
}

async function answersDocker(): Promise<boolean> {
  return (
    (
      await commandResult({
        program: 'docker',
        args: ['version', '--format', '{{.Server.Version}}'],
        timeoutMs: 20_000,
      })
    ).exitCode === 0
  );
}

async function isThere(program: string): Promise<boolean> {
  return (await commandResult({ program: 'sh', args: ['-c', `command -v ${program}`] })).exitCode === 0;
}

async function isDebianRoot(): Promise<boolean> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return process.getuid?.() === 0 && /^ID(?:_LIKE)?=.*debian/m.test(release);
}

async function hasResourceRight(): Promise<boolean> {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}
