import { type Command, InvalidArgumentError, Option } from 'commander';
import { isDnsLabel } from '../../api/dns-label.ts';

/** Which cluster is asked, as kubectl has it. */
export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Which namespaces are meant, as kubectl has it; neither is the namespace of the context. */
export interface NamespaceFlags {
  readonly namespace?: string;
  readonly allNamespaces?: true;
}

/** Adds `--kubeconfig` and `--context`. */
export function addClusterFlags(command: Command): Command {
  return command
    .addOption(new Option('--kubeconfig <path>', 'the kubeconfig to use (default: $KUBECONFIG, else ~/.kube/config)'))
    .addOption(new Option('--context <name>', 'the context of the kubeconfig to use (default: the current one)'));
}

/** Adds `-n` and `-A`, one of which can be given. */
export function addNamespaceFlags(command: Command): Command {
  return command
    .addOption(
      new Option('-n, --namespace <namespace>', 'the namespace (default: that of the context)')
        .argParser(namespaceName)
        .conflicts('allNamespaces'),
    )
    .addOption(new Option('-A, --all-namespaces', 'every namespace'));
}

/** The name of a namespace as it was written; anything that can be none ends the program with what to write. */
export function namespaceName(text: string): string {
  if (isDnsLabel(text)) {
    return text;
  }
  throw new InvalidArgumentError(`A namespace has lower-case letters, digits and "-", at most 63 characters.`);
}
