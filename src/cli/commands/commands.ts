import type { CommandEntry } from '../frame/command-context.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'run', summary: 'run the operator', load: async () => (await import('./run/run.ts')).defineRun },
  {
    name: 'status',
    summary: 'show what is protected and what is not',
    load: async () => (await import('./status/status.ts')).defineStatus,
  },
  {
    name: 'check',
    summary: 'check whether nsbaseline is installed and works',
    load: async () => (await import('./check/check.ts')).defineCheck,
  },
  {
    name: 'explain',
    summary: 'say why a connection is allowed or not',
    load: async () => (await import('./explain/explain.ts')).defineExplain,
  },
  {
    name: 'matrix',
    summary: 'show who may connect to whom',
    load: async () => (await import('./matrix/matrix.ts')).defineMatrix,
  },
  {
    name: 'render',
    summary: 'print the NetworkPolicies of a BaselinePolicy',
    load: async () => (await import('./render/render.ts')).defineRender,
  },
  {
    name: 'lint',
    summary: 'find what may be wrong with NetworkPolicies',
    load: async () => (await import('./lint/lint.ts')).defineLint,
  },
  {
    name: 'prune',
    summary: 'remove NetworkPolicies of policies that are gone',
    load: async () => (await import('./prune/prune.ts')).definePrune,
  },
  {
    name: 'approve',
    summary: 'confirm changes that are held',
    load: async () => (await import('./approve/approve.ts')).defineApprove,
  },
  {
    name: 'uninstall',
    summary: 'remove everything of nsbaseline, in the right order',
    load: async () => (await import('./uninstall/uninstall.ts')).defineUninstall,
  },
  {
    name: 'version',
    summary: 'print the version',
    load: async () => (await import('./version/version.ts')).defineVersion,
  },
  {
    name: 'completion',
    summary: 'print the completion script for a shell',
    load: async () => (await import('./completion/completion.ts')).defineCompletion,
  },
];
