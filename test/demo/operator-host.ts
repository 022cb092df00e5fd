/**
 * The process that owns the demo's operator: `nsbaseline run` as a process of its own, its log in a file. It ends with
 * its stdin, so that however the demo dies nothing stays; after the word `keep` on stdin it ends with the control plane.
 */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isAlive } from '../support/control-plane/process-id.ts';
import type { OperatorOptions } from './operator.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const LOOK_INTERVAL_MS = 250;
/** How long it may take to end in order. */
const GRACE_MS = 3_000;

const options = JSON.parse(process.argv[2] ?? '') as OperatorOptions;
const log = openSync(options.logPath, 'a');
const flags = ['run', '--kubeconfig', options.kubeconfigPath, '--listen', '127.0.0.1:0', '--log-format', 'json'];
// Settings that the user has for an operator elsewhere are not for this one.
const operator = spawn(process.execPath, [MAIN, ...flags], {
  stdio: ['ignore', log, log],
  env: { PATH: process.env.PATH, HOME: process.env.HOME },
});
operator.on('error', () => process.exit(1));
operator.on('exit', (code) => process.exit(code ?? 1));
process.on('exit', () => operator.kill('SIGKILL'));

let isEnding = false;
const end = (): void => {
  if (isEnding) {
    return;
  }
  isEnding = true;
  operator.kill('SIGTERM');
  setTimeout(() => operator.kill('SIGKILL'), GRACE_MS);
};
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, end);
}

let isKept = false;
createInterface({ input: process.stdin })
  .on('line', (word) => {
    isKept ||= word === 'keep';
  })
  .on('close', () => {
    if (!isKept) {
      end();
    }
  });
setInterval(() => {
  if (!isAlive(options.controlPlaneProcessId)) {
    end();
  }
}, LOOK_INTERVAL_MS);
