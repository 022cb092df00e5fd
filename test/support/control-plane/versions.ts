/** Which end of the supported range of Kubernetes a control plane stands for. */
export type KubernetesChoice = 'newest' | 'oldest';

/** The versions behind a {@link KubernetesChoice}: what can be had differs by the way it is had. */
export interface KubernetesVersions {
  /** What the go.mod of this choice builds; a test holds the two equal. */
  readonly built: string;
  /** What the envtest release index offers. */
  readonly downloaded: string;
}

/**
 * The one place for version numbers of the control plane. The oldest supported Kubernetes is 1.31, which can only be
 * downloaded: its Go modules name staging modules that no module registry has; 1.33 is the oldest that builds.
 */
export const KUBERNETES_VERSIONS: Readonly<Record<KubernetesChoice, KubernetesVersions>> = {
  newest: { built: '1.36.3', downloaded: '1.36.2' },
  oldest: { built: '1.33.13', downloaded: '1.31.0' },
};

/** The etcd that is built beside either Kubernetes; downloads bring their own. */
export const ETCD_VERSION = '3.6.16';

/** The choice that the environment variable `KUBERNETES` makes, `newest` when it is unset; throws on any other word. */
export function kubernetesChoice(environment: NodeJS.ProcessEnv): KubernetesChoice {
  const word = environment.KUBERNETES ?? 'newest';
  if (word !== 'newest' && word !== 'oldest') {
    throw new Error(`KUBERNETES must be "newest" or "oldest", but is "${word}".`);
  }
  return word;
}

/** The versions that serve a choice, the one to prefer first: for `oldest` that is the older one. */
export function versionsInOrder(choice: KubernetesChoice): readonly string[] {
  const { built, downloaded } = KUBERNETES_VERSIONS[choice];
  return choice === 'newest' ? [built, downloaded] : [downloaded, built];
}
