#!/usr/bin/env node
import { basename } from 'node:path';
import { runCommandLine } from './cli/command-line.ts';
import { standardStreams } from './cli/frame/standard-streams.ts';

const isPlugin = basename(process.argv[1] ?? '').startsWith('kubectl-baseline');
const executable = isPlugin ? 'kubectl-baseline' : 'nsbaseline';
const programName = isPlugin ? 'kubectl baseline' : executable;
const streams = standardStreams(process, programName);

process.exitCode = streams.exitCodeFor(
  await runCommandLine(process.argv.slice(2), {
    programName,
    executable,
    env: process.env,
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    print: (text) => {
      streams.print(text);
    },
    writeError: (text) => {
      streams.writeError(text);
    },
    outputEnded: streams.outputEnded,
  }),
);
