import { isDnsLabel } from '../../../api/dns-label.ts';
import { textOf } from '../../../base/json.ts';
import { loadCluster } from '../../../kube/credentials/kubeconfig.ts';
import { createKubeClient } from '../../../kube/transport/http-kube-client.ts';
import { BASELINE_POLICIES, NAMESPACES } from '../../../operator/watch/resources.ts';
import { CLI_FIELD_MANAGER } from '../../frame/cluster-session.ts';
import type { WantedNames } from './completions.ts';

/** How long a shell waits for names, in milliseconds. */
const TIMEOUT_MS = 1_500;
/** More than a shell shows; one more letter narrows them. */
const MOST_NAMES = 500;

/**
 * The names that begin with the prefix, of the cluster that the words choose by `--kubeconfig` and `--context`. A
 * completion reports no errors: where the cluster cannot be asked, or does not answer soon, there are no names.
 */
export async function namesInCluster(
  wanted: WantedNames,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const cluster = await loadCluster({
    kubeconfigPath: valueIn(words, '--kubeconfig'),
    context: valueIn(words, '--context'),
    environment: env,
  });
  if (!cluster.ok) {
    return [];
  }
  const kube = createKubeClient({
    cluster: cluster.value,
    fieldManager: CLI_FIELD_MANAGER,
    userAgent: 'nsbaseline (completion)',
    listTimeoutMs: TIMEOUT_MS,
  });
  try {
    const page = await kube.list({
      type: wanted.kind === 'policy' ? BASELINE_POLICIES : NAMESPACES,
      limit: MOST_NAMES,
      resourceVersion: '0',
    });
    if (!page.ok) {
      return [];
    }
    // Anything that is not a name could mean something else to the shell.
    return page.value.items
      .map(({ metadata }) => textOf(metadata.name))
      .filter((name) => isDnsLabel(name) && name.startsWith(wanted.prefix))
      .sort();
  } finally {
    await kube.close();
  }
}

/** The value of a flag, written as `--flag value` or `--flag=value`. */
function valueIn(words: readonly string[], flag: string): string | undefined {
  const at = words.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const word = words[at];
  if (word === undefined) {
    return undefined;
  }
  return word === flag ? words[at + 1] : word.slice(flag.length + 1);
}
