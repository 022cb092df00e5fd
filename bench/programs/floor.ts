/**
 * What there is to be gained at most: a writer that decides nothing. It makes the requests that the operator makes, in
 * the operator's order, over the same transport with as many watches open, and keeps next to nothing.
 *
 *     floor react <kubeconfig>     writes a set for each namespace whose label it sees
 *     floor write <kubeconfig>     lists the namespaces, and writes a set for each
 *     floor edit <kubeconfig>      when the policy changes, writes what it changes in each namespace
 *     floor mend <kubeconfig>      writes over whatever somebody else wrote or deleted
 *     floor list <kubeconfig>      lists everything in pages, and ends
 */

import type { BaselinePolicySpec } from '../../src/api/baseline-policy.ts';
import { FIELD_MANAGER, LABELS } from '../../src/api/names.ts';
import { fieldOf, textOf } from '../../src/base/json.ts';
import type { Result } from '../../src/base/result.ts';
import { type RenderedPart, renderedParts } from '../../src/domain/rendering/rendering.ts';
import type { Scope } from '../../src/kube/client/kube-client.ts';
import type { KubeError } from '../../src/kube/client/kube-error.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import type { ResourceType } from '../../src/kube/client/resource-type.ts';
import { loadCluster } from '../../src/kube/credentials/kubeconfig.ts';
import { createKubeClient } from '../../src/kube/transport/http-kube-client.ts';
import {
  BASELINE_POLICIES,
  ENDPOINT_SLICES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
  SERVICES,
} from '../../src/operator/watch/resources.ts';
import { namespaceBaselineObject, networkPolicyObject } from '../../src/operator/write/manifests.ts';

interface Managed {
  readonly name: string;
  readonly uid: string;
  readonly hash: string;
}

const POLICY = 'standard';
const IN_FLIGHT = 64;
const PAGE = 500;
/** The operator's watches; each mode follows one of them and leaves the others idle. */
const WATCHES: readonly Scope[] = [
  { type: NAMESPACES },
  { type: BASELINE_POLICIES },
  { type: NETWORK_POLICIES },
  { type: NAMESPACE_BASELINES },
  { type: SERVICES, namespace: 'kube-system' },
  { type: ENDPOINT_SLICES, namespace: 'kube-system' },
  { type: SERVICES, namespace: 'default', fieldSelector: 'metadata.name=kubernetes' },
  { type: ENDPOINT_SLICES, namespace: 'default' },
];

const [mode = '', kubeconfigPath = ''] = process.argv.slice(2);
const kube = createKubeClient({
  cluster: valueOf(await loadCluster({ kubeconfigPath })),
  fieldManager: FIELD_MANAGER,
  userAgent: 'nsbaseline-bench-floor',
  requestTimeoutMs: 60_000,
});
const policy = valueOf(await kube.get({ type: BASELINE_POLICIES, name: POLICY }));
const uid = textOf(policy.metadata.uid);
const partsOf = ({ spec }: KubeObject): readonly RenderedPart[] =>
  renderedParts(POLICY, spec as BaselinePolicySpec, {});
const parts = partsOf(policy);

function valueOf<Value>(result: Result<Value, KubeError>): Value {
  if (!result.ok) {
    throw new Error(result.error.message);
  }
  return result.value;
}

async function created(namespace: string, part: RenderedPart): Promise<Managed> {
  const answer = await kube.create(
    NETWORK_POLICIES,
    networkPolicyObject(part, { namespace, policy: { name: POLICY, uid } }),
  );
  return { name: part.name, uid: answer.ok ? textOf(answer.value.metadata.uid) : '', hash: part.hash };
}

async function applied(namespace: string, part: RenderedPart): Promise<Managed> {
  const answer = await kube.apply(
    NETWORK_POLICIES,
    networkPolicyObject(part, { namespace, policy: { name: POLICY, uid } }),
  );
  return { name: part.name, uid: answer.ok ? textOf(answer.value.metadata.uid) : '', hash: part.hash };
}

async function record(
  namespace: string,
  { generation, managed }: { readonly generation: number; readonly managed: readonly Managed[] },
): Promise<void> {
  const entry = {
    policy: POLICY,
    generation,
    mode: 'Enforce' as const,
    phase: 'Protected' as const,
    inPlace: true,
    managed: [...managed],
  };
  const condition = {
    type: 'Ready' as const,
    status: 'True' as const,
    reason: 'Protected',
    message: `${POLICY}: All managed NetworkPolicies are in place as declared.`,
    lastTransitionTime: new Date().toISOString().replace(/\.\d+/u, ''),
  };
  await kube.apply(
    NAMESPACE_BASELINES,
    namespaceBaselineObject({ phase: 'Protected', policies: [entry], conditions: [condition] }, { namespace }),
  );
}

async function writeSet(namespace: string): Promise<void> {
  const isFirst = ({ part }: RenderedPart): boolean => part === 'allow-dns';
  const first = await Promise.all(parts.filter(isFirst).map((part) => created(namespace, part)));
  const others = await Promise.all(parts.filter((part) => !isFirst(part)).map((part) => created(namespace, part)));
  await record(namespace, { generation: policy.metadata.generation ?? 1, managed: [...first, ...others] });
}

async function pages(type: ResourceType, take: (object: KubeObject) => void): Promise<string> {
  let continueToken: string | undefined;
  for (;;) {
    const page = valueOf(
      await kube.list({ type, limit: PAGE, ...(continueToken === undefined ? {} : { continueToken }) }),
    );
    page.items.forEach(take);
    continueToken = page.continueToken;
    if (continueToken === undefined) {
      return page.resourceVersion;
    }
  }
}

const isLabelled = ({ metadata }: KubeObject): boolean => fieldOf(metadata.labels, LABELS.enabled) === 'true';

async function labelled(): Promise<readonly string[]> {
  const names: string[] = [];
  await pages(NAMESPACES, (object) => {
    if (isLabelled(object)) {
      names.push(textOf(object.metadata.name));
    }
  });
  return names;
}

/** Does the work of each namespace, so many at once. */
function inOrder(work: (namespace: string) => Promise<void>): (namespace: string) => void {
  const waiting: string[] = [];
  let active = 0;
  let taken = 0;
  const next = (): void => {
    while (active < IN_FLIGHT && taken < waiting.length) {
      active += 1;
      void work(waiting[taken++] ?? '').then(() => {
        active -= 1;
        next();
      });
    }
  };
  return (namespace) => {
    waiting.push(namespace);
    next();
  };
}

/** Opens every watch of the operator; events of one type are followed, those of the others are read and dropped. */
async function openWatches(
  followed: ResourceType | undefined,
  onEvent: (object: KubeObject, isGone: boolean) => void,
): Promise<void> {
  for (const scope of WATCHES) {
    const { resourceVersion } = valueOf(await kube.list({ ...scope, limit: 1 }));
    void kube.watch({ ...scope, resourceVersion }, ({ type, object }) => {
      if (scope.type === followed && type !== 'BOOKMARK') {
        onEvent(object, type === 'DELETED');
      }
    });
  }
}

function sayReady(): void {
  process.stdout.write('ready\n');
}

async function react(): Promise<void> {
  const done = new Set<string>();
  const add = inOrder(writeSet);
  await openWatches(NAMESPACES, (object) => {
    const { name = '' } = object.metadata;
    if (!isLabelled(object) || done.has(name)) {
      return;
    }
    done.add(name);
    add(name);
  });
  sayReady();
}

async function write(): Promise<void> {
  await openWatches(undefined, () => undefined);
  sayReady();
  const add = inOrder(writeSet);
  for (const name of await labelled()) {
    add(name);
  }
}

async function edit(): Promise<void> {
  const names = await labelled();
  const standing = new Map<string, Managed[]>();
  await pages(NETWORK_POLICIES, ({ metadata, spec }) => {
    const hash = parts.find(({ name }) => name === metadata.name)?.hash ?? textOf(spec);
    const { namespace = '', name = '', uid: ownUid = '' } = metadata;
    standing.set(namespace, [...(standing.get(namespace) ?? []), { name, uid: ownUid, hash }]);
  });
  await openWatches(BASELINE_POLICIES, (object) => {
    const { generation = 1 } = object.metadata;
    if (generation === policy.metadata.generation) {
      return;
    }
    const known = new Set(parts.map(({ hash }) => hash));
    const changed = partsOf(object).filter(({ hash }) => !known.has(hash));
    const add = inOrder(async (namespace) => {
      const managed = await Promise.all(changed.map((part) => applied(namespace, part)));
      const others = (standing.get(namespace) ?? []).filter(({ name }) => !managed.some((anew) => anew.name === name));
      await record(namespace, { generation, managed: [...others, ...managed] });
    });
    names.forEach(add);
  });
  sayReady();
}

async function mend(): Promise<void> {
  const isOwn = ({ metadata, spec }: KubeObject): boolean => {
    const part = parts.find(({ name }) => name === metadata.name);
    return (
      part === undefined ||
      (fieldOf(metadata.labels, LABELS.managedBy) === FIELD_MANAGER && JSON.stringify(spec) === forms.get(part.name))
    );
  };
  const forms = new Map<string, string>();
  await pages(NETWORK_POLICIES, ({ metadata, spec }) => void forms.set(textOf(metadata.name), JSON.stringify(spec)));
  await openWatches(NETWORK_POLICIES, (object, isGone) => {
    const part = parts.find(({ name }) => name === object.metadata.name);
    if (part === undefined || (!isGone && isOwn(object))) {
      return;
    }
    void (isGone ? created : applied)(textOf(object.metadata.namespace), part);
  });
  sayReady();
}

async function listAll(): Promise<void> {
  for (const type of [NAMESPACES, NETWORK_POLICIES, NAMESPACE_BASELINES, BASELINE_POLICIES]) {
    await pages(type, () => undefined);
  }
  sayReady();
  await kube.close();
}

const MODES: Readonly<Record<string, () => Promise<void>>> = { react, write, edit, mend, list: listAll };
process.on('SIGTERM', () => process.exit());
await MODES[mode]?.();
