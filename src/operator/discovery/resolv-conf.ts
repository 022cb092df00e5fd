import { readFile } from 'node:fs/promises';

/**
 * The name servers that the cluster gives to pods; undefined when the file cannot be read, or outside a cluster, where it
 * describes the machine (https://man7.org/linux/man-pages/man5/resolv.conf.5.html).
 */
export async function podNameservers(path: string): Promise<readonly string[] | undefined> {
  if (!isInPod()) {
    return undefined;
  }
  const text = await readFile(path, 'utf8').catch(() => '');
  const found = nameserversIn(text);
  return found.length > 0 ? found : undefined;
}

/**
 * Whether this process runs in a pod
 * (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
 */
export function isInPod(): boolean {
  return process.env.KUBERNETES_SERVICE_HOST !== undefined;
}

/** The addresses behind `nameserver` in a resolv.conf. */
function nameserversIn(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [keyword, address] = line.trim().split(/\s+/);
    return keyword === 'nameserver' && address !== undefined ? [address] : [];
  });
}
