import { pause, systemClock } from '../../src/base/clock.ts';
import type { ControlPlane } from '../support/control-plane/control-plane.ts';
import type { Post, SoakOperators } from './soak-operators.ts';
import type { SoakOracle } from './soak-oracle.ts';

/** What faults are made of. */
export interface FaultParts {
  readonly controlPlane: ControlPlane;
  readonly crew: SoakOperators;
  readonly accounts: SoakOracle;
  /** A number from 0 up to, not including, 1; the same for the same seed. */
  readonly random: () => number;
  /** How much of the soak is over, from 0 to 1. */
  readonly progress: () => number;
  readonly signal: AbortSignal;
}

interface Fault {
  readonly name: string;
  readonly weight: number;
  strike(parts: FaultParts): Promise<void>;
}

const LONGEST_STOP_MS = 20_000;
const LONGEST_STALL_MS = 12_000;

const FAULTS: readonly Fault[] = [
  { name: 'API server killed and started', weight: 2, strike: restartApiServer },
  { name: 'operator SIGKILL', weight: 2, strike: (parts) => replaceOne(parts, 'SIGKILL') },
  { name: 'operator SIGTERM', weight: 2, strike: (parts) => replaceOne(parts, 'SIGTERM') },
  { name: 'operator SIGSTOP', weight: 3, strike: stopOne },
  { name: 'watches cut', weight: 6, strike: cut },
  { name: 'connections stalled', weight: 2, strike: stall },
];

/** Strikes once with a fault of the given choice, waits until its cause is over, and gives its name. */
export async function strike(parts: FaultParts): Promise<string> {
  let left = parts.random() * FAULTS.reduce((sum, { weight }) => sum + weight, 0);
  const fault = FAULTS.find(({ weight }) => (left -= weight) < 0);
  if (fault === undefined) {
    return '';
  }
  parts.accounts.troubled();
  await fault.strike(parts);
  parts.accounts.troubled();
  return fault.name;
}

async function restartApiServer({ controlPlane, random, signal }: FaultParts): Promise<void> {
  await controlPlane.killApiServer();
  await pause(systemClock, random() * 2_000, signal);
  await controlPlane.startApiServer();
}

/**
 * One that may die without spoiling the measurement: what an operator holds is measured over one life, so the first of
 * several lives through the whole soak, and one that is alone dies in the first third only.
 */
async function replaceOne({ crew, random, progress }: FaultParts, how: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const mortal = crew.posts.slice(1);
  const only = progress() < 1 / 3 ? crew.posts[0] : undefined;
  const post = mortal.length > 0 ? oneOf(mortal, random) : only;
  if (post !== undefined) {
    await crew.replace(post, how);
  }
}

async function stopOne({ crew, random, signal }: FaultParts): Promise<void> {
  const post = oneOf(crew.posts, random);
  post?.operator.signal('SIGSTOP');
  await pause(systemClock, 500 + random() * (LONGEST_STOP_MS - 500), signal);
  post?.operator.signal('SIGCONT');
}

function cut({ crew, random }: FaultParts): Promise<void> {
  oneOf(crew.posts, random)?.passage.cut();
  return Promise.resolve();
}

async function stall({ crew, random, signal }: FaultParts): Promise<void> {
  const post = oneOf(crew.posts, random);
  post?.passage.stall();
  await pause(systemClock, 1_000 + random() * (LONGEST_STALL_MS - 1_000), signal);
  post?.passage.resume();
}

function oneOf(posts: readonly Post[], random: () => number): Post | undefined {
  return posts[Math.floor(random() * posts.length)];
}
