import { type Command, Option } from 'commander';
import { addClusterFlags, type ClusterFlags, namespaceName } from '../frame/kubectl-flags.ts';

/** What a command judges: a cluster, files, or files laid over a cluster. */
export interface ObjectFlags extends ClusterFlags {
  readonly filename?: readonly string[];
  readonly recursive?: true;
  readonly withCluster?: true;
  readonly namespace?: string;
}

const NAMESPACE_TEXT = 'the namespace of names that say none (default: that of the context; with -f alone: default)';

/** Adds `-f`, `-R`, `--with-cluster`, `-n` and the flags that choose a cluster; `namespaceText` describes `-n`. */
export function addObjectFlags(command: Command, namespaceText = NAMESPACE_TEXT): Command {
  return addClusterFlags(
    command
      .addOption(
        new Option(
          '-f, --filename <path>',
          'a file or folder of manifests, or - for standard input, instead of the cluster; can be repeated',
        ).argParser<readonly string[] | undefined>((path, before) => [...(before ?? []), path]),
      )
      .option('-R, --recursive', 'look into the folders of a folder too')
      .option('--with-cluster', 'judge the cluster as it would be with the files of -f applied')
      .addOption(new Option('-n, --namespace <namespace>', namespaceText).argParser(namespaceName)),
  );
}
