import type { FieldSteps } from '../manifests/yaml-lines.ts';

/** Where an object was read. */
export type ObjectOrigin =
  | { readonly kind: 'cluster' }
  | {
      readonly kind: 'file';
      /** The path as it was given or found, or `standard input`. */
      readonly source: string;
      /** The line where the object begins, from 1. */
      readonly line: number;
      /** The line of one of its fields, such as of `['spec', 'ingress', 0]`; of one that is not there, of what would hold it. */
      lineOf(steps: FieldSteps): number;
    }
  /** Rendered from a BaselinePolicy of the files, for a namespace that it selects; `file` is where that stands. */
  | { readonly kind: 'baseline'; readonly policy: string; readonly file: ObjectOrigin };

/** An object as JSON has it, and where it was read. Nothing of it is trusted. */
export interface SourcedObject {
  readonly object: unknown;
  readonly origin: ObjectOrigin;
}

/** What is wrong with the input, in words for people; printable. */
export interface InputProblem {
  /** The path of the file, or `standard input`. */
  readonly source: string;
  /** From 1; absent where the whole file is meant. */
  readonly line?: number;
  readonly message: string;
}

/** A kind that could not be read from the cluster, or not in every namespace. */
export interface MissingKind {
  /** Such as `NetworkPolicy`. */
  readonly kind: string;
  /** Why, and what to do about it, in one printable line. */
  readonly message: string;
  /** The namespaces in which it was read nevertheless; none for most. */
  readonly readIn: readonly string[];
}

/**
 * What a command judges. For a live cluster `files` is empty; for files alone `cluster` is; for files over the cluster
 * both are there. `together` is always what the verdict rests on.
 */
export interface ObjectsRead {
  /** The cluster as it is. Pods and workloads have only the fields of `src/cli/objects/slim-object.ts`. */
  readonly cluster: readonly SourcedObject[];
  /** The objects of the files with Lists opened, of every kind, in order; two of one name are both there. */
  readonly files: readonly SourcedObject[];
  /**
   * The cluster as it would be with the files applied: an object of the files replaces the cluster's of its kind,
   * namespace and name; pods of a workload whose template the files change give way to the template; BaselinePolicies
   * of the files that are enforced stand there as their NetworkPolicies in the namespaces that they select.
   */
  readonly together: readonly SourcedObject[];
  /** The namespace of namespaced objects that name none: pass it to `clusterOf`. */
  readonly defaultNamespace: string;
  /** What of the files is broken. A command that gives verdicts must not go on where there is one. */
  readonly problems: readonly InputProblem[];
  /** What of the cluster could not be read for lack of a permission: where one is, the result is partial. */
  readonly missing: readonly MissingKind[];
  /** Kinds that the cluster does not serve, such as `ClusterNetworkPolicy`: there are no such objects. */
  readonly notServed: readonly string[];
  readonly mode: 'cluster' | 'files' | 'filesOverCluster';
}
