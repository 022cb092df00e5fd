import { matchesGlob } from 'node:path';

/**
 * Namespaces, by glob, in which a cluster usually runs what all others need. Nothing is excluded by this table: it decides
 * only what a held isolation names first (R9, isolation limit), since cutting one of these off harms every namespace.
 */
const PLATFORM_NAMESPACES: readonly { readonly glob: string; readonly reason: string }[] = [
  { glob: 'default', reason: 'objects land here that name no namespace' },
  { glob: '*-system', reason: 'the usual name for components of the platform: CNI, storage, admission webhooks' },
  { glob: 'kube-*', reason: 'the prefix that Kubernetes reserves for its own namespaces' },
  { glob: 'openshift*', reason: 'the components of OpenShift' },
  { glob: 'calico-*', reason: 'the CNI' },
  { glob: 'ingress-*', reason: 'ingress controllers: every request from outside' },
  { glob: 'traefik', reason: 'an ingress controller' },
  { glob: 'istio-*', reason: 'the control plane and the gateways of a service mesh' },
  { glob: 'linkerd*', reason: 'the control plane of a service mesh' },
  { glob: 'cert-manager', reason: 'certificates, and the webhooks that check them' },
  { glob: 'kyverno', reason: 'admission webhooks: without them the API server may refuse every write' },
  { glob: 'argocd', reason: 'the GitOps tool that would undo the change' },
  { glob: 'flux-*', reason: 'the GitOps tool that would undo the change' },
  { glob: 'monitoring', reason: 'metrics and alerts' },
  { glob: 'external-secrets', reason: 'the secrets that workloads start with' },
  { glob: 'velero', reason: 'backups' },
];

function isPlatformNamespace(name: string): boolean {
  return PLATFORM_NAMESPACES.some(({ glob }) => matchesGlob(name, glob));
}

/** The names with those first that usually belong to the platform, each group sorted; `platformCount` is the size of that group. */
export function platformFirst(names: readonly string[]): {
  readonly names: readonly string[];
  readonly platformCount: number;
} {
  // Each name is matched once: globs are slow, and thousands of namespaces may be held.
  const groups = Map.groupBy(names.toSorted(), isPlatformNamespace);
  const platform = groups.get(true) ?? [];
  return { names: [...platform, ...(groups.get(false) ?? [])], platformCount: platform.length };
}
