import type { CommandEntry } from './command-context.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'run', summary: 'run the operator', load: async () => (await import('./run.ts')).defineRun },
  { name: 'version', summary: 'print what this is', load: async () => (await import('./version.ts')).defineVersion },
  { name: 'completion', summary: 'print the completion script for a shell', load: async () => (await import('./completion.ts')).defineCompletion },
];
