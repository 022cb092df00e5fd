import type { KubernetesChoice } from './versions.ts';

/** Where a running control plane is and how to reach it; plain data, so that it can be handed to test workers. */
export interface ControlPlaneAddress {
  readonly choice: KubernetesChoice;
  /** What the API server says of itself, such as `v1.36.3`. */
  readonly version: string;
  /** `https://127.0.0.1:<port>`. */
  readonly server: string;
  /** Credentials of a cluster admin. */
  readonly kubeconfigPath: string;
  readonly kubectlPath: string;
  /** Temporary files; they go when the control plane stops. */
  readonly directory: string;
  /** `http://127.0.0.1:<port>`, etcd's own interface. */
  readonly etcdServer: string;
  /** What the service accounts of the operator's namespace asked of the API server, as audit lines (https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/). */
  readonly auditLogPath: string;
  /** The supervising process; SIGTERM to it stops everything and cleans up. */
  readonly processId: number;
}

/** What the supervisor is told at its start, as JSON in its one argument. */
export interface SupervisorOptions {
  readonly choice: KubernetesChoice;
  readonly binaries: string;
  readonly flags: ServerFlags;
}

/** Flags beyond ours, without their dashes; they win over ours. */
export interface ServerFlags {
  readonly etcd?: Readonly<Record<string, string>>;
  readonly apiServer?: Readonly<Record<string, string>>;
}

/** What the supervisor can be asked on its stdin, a word a line. The end of stdin stops it, unless `keep` came before. */
export type SupervisorCommand =
  | 'killApiServer'
  | 'startApiServer'
  | 'pauseApiServer'
  | 'continueApiServer'
  | 'pauseEtcd'
  | 'continueEtcd'
  | 'saveEtcd'
  | 'restoreEtcd'
  | 'keep'
  | 'stop';

/** What the supervisor says on its stdout, one JSON object a line: first `ready` or `failed`, then one answer per command. */
export type SupervisorMessage =
  | { readonly kind: 'ready'; readonly address: ControlPlaneAddress }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string };
