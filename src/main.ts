#!/usr/bin/env node
import { basename } from 'node:path';
import { runCommandLine } from './cli/frame/program.ts';

const isPlugin = basename(process.argv[1] ?? '').startsWith('kubectl-baseline');
const executable = isPlugin ? 'kubectl-baseline' : 'nsbaseline';

// Whoever reads us has enough, as `head` does after ten lines.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') {
    throw error;
  }
  process.exit();
});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  programName: isPlugin ? 'kubectl baseline' : executable,
  executable,
  env: process.env,
  print: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
});
