import { pause, systemClock } from '../../src/base/clock.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import { type Declaration, type DeclaredNamespace, type DeclaredPolicy, labelOf } from './declaration.ts';
import { FORM_NAMES, formOf } from './forms.ts';
import { isForeign } from './namespace-oracle.ts';
import { type SoakActor, withMetadata } from './soak-actor.ts';
import type { SoakOracle } from './soak-oracle.ts';
import type { View } from './view.ts';

/** What actions work with. */
export interface Workshop {
  readonly declaration: Declaration;
  readonly view: View;
  readonly accounts: SoakOracle;
  readonly hands: SoakActor;
  /** A number from 0 up to, not including, 1; the same for the same seed. */
  readonly random: () => number;
  readonly nowMs: () => number;
}

/** Something that somebody does. It says nothing where it is not possible just now. */
interface Action {
  readonly name: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  act(workshop: Workshop): Promise<void>;
}

const RELABELLED = 'policy relabelled';
const REMOVAL_LIMIT_MS = 90_000;

/** Everything that people and tenants do in a soak. */
const ACTIONS: readonly Action[] = [
  { name: 'create a namespace', weight: 10, act: createNamespace },
  { name: 'label a namespace', weight: 16, act: (workshop) => relabel(workshop, 'in') },
  { name: 'unlabel a namespace', weight: 10, act: (workshop) => relabel(workshop, 'out') },
  { name: 'delete a namespace', weight: 4, act: removeNamespace },
  { name: 'delete a managed policy', weight: 10, act: removeManaged },
  { name: 'widen a managed policy', weight: 8, act: (workshop) => tamper(workshop, 'policy widened', widened) },
  { name: 'narrow a managed policy', weight: 6, act: (workshop) => tamper(workshop, 'policy narrowed', narrowed) },
  { name: 'relabel a managed policy', weight: 6, act: relabelManaged },
  { name: 'make a foreign policy', weight: 6, act: makeForeign },
  { name: 'change a foreign policy', weight: 6, act: changeForeign },
  { name: 'delete a foreign policy', weight: 4, act: removeForeign },
  { name: 'take a managed name', weight: 3, act: obstruct },
  { name: 'edit a BaselinePolicy', weight: 4, act: edit },
  { name: 'freeze a BaselinePolicy', weight: 2, act: freeze },
  { name: 'enforce a BaselinePolicy', weight: 3, act: enforce },
  { name: 'delete a BaselinePolicy', weight: 1, act: removePolicy },
];

/** Chooses one action and does it; gives its name. */
export async function doSomething(workshop: Workshop): Promise<string> {
  let left = workshop.random() * ACTIONS.reduce((sum, { weight }) => sum + weight, 0);
  const action = ACTIONS.find(({ weight }) => (left -= weight) < 0) ?? ACTIONS[0];
  await action?.act(workshop);
  return action?.name ?? '';
}

/** Declares every policy anew, as when a soak begins. */
export async function declareAll(workshop: Workshop): Promise<void> {
  for (const policy of workshop.declaration.policies.values()) {
    await declare(workshop, policy, { mode: 'Enforce' });
  }
}

async function createNamespace(workshop: Workshop): Promise<void> {
  const namespace = oneOf(
    workshop,
    [...workshop.declaration.namespaces.values()].filter(({ state }) => state === 'absent'),
  );
  if (namespace === undefined) {
    return;
  }
  const policies = [...workshop.declaration.policies.keys()].filter(() => workshop.random() < 0.5);
  const created = await workshop.hands.createNamespace(
    namespace.name,
    Object.fromEntries(policies.map((policy) => [labelOf(policy), 'true'])),
  );
  if (created === undefined) {
    return;
  }
  Object.assign(namespace, { state: 'present', bornVersion: created.metadata.resourceVersion ?? '0' });
  replaceAll(namespace, policies);
  workshop.accounts.happened({
    kind: policies.length > 0 ? 'namespace created, labelled' : 'namespace created',
    namespace: namespace.name,
  });
}

async function relabel(workshop: Workshop, way: 'in' | 'out'): Promise<void> {
  const policy = oneOf(workshop, [...workshop.declaration.policies.values()]);
  const namespace = oneOf(
    workshop,
    present(workshop).filter(
      ({ name, policies }) =>
        policies.has(policy?.name ?? '') === (way === 'out') && !workshop.accounts.isAwaited(name, RELABELLED),
    ),
  );
  if (policy === undefined || namespace === undefined) {
    return;
  }
  const policies = [...namespace.policies]
    .filter((name) => name !== policy.name)
    .concat(way === 'in' ? [policy.name] : []);
  const labelled = await workshop.hands.labelNamespace(
    namespace.name,
    Object.fromEntries(policies.map((name) => [labelOf(name), 'true'])),
  );
  if (labelled === undefined) {
    return;
  }
  namespace.policies.clear();
  for (const name of policies) {
    namespace.policies.add(name);
  }
  namespace.orphaned.delete(policy.name);
  workshop.accounts.happened({
    kind: way === 'in' ? 'namespace labelled' : 'namespace unlabelled',
    namespace: namespace.name,
  });
}

async function removeNamespace(workshop: Workshop): Promise<void> {
  const namespace = oneOf(workshop, present(workshop));
  if (namespace === undefined) {
    return;
  }
  namespace.state = 'going';
  await workshop.hands.removeNamespace(namespace.name);
  workshop.accounts.happened({ kind: 'namespace deleted', namespace: namespace.name });
}

/** A namespace that is going has its name back when the observer sees it gone; to be called again and again. */
export function noticeGone({ declaration, view }: Pick<Workshop, 'declaration' | 'view'>): void {
  for (const namespace of declaration.namespaces.values()) {
    if (namespace.state !== 'going' || view.namespace(namespace.name) !== undefined) {
      continue;
    }
    namespace.state = 'absent';
    replaceAll(namespace, []);
  }
}

async function removeManaged(workshop: Workshop): Promise<void> {
  const found = managed(workshop);
  if (found === undefined) {
    return;
  }
  const { namespace, name } = found;
  const removed = await workshop.hands.removeNetworkPolicy(namespace, name);
  if (removed !== undefined) {
    workshop.accounts.happened({ kind: 'policy deleted', namespace, past: pastOf(removed) });
  }
}

async function tamper(workshop: Workshop, kind: string, change: (object: KubeObject) => KubeObject): Promise<void> {
  const found = managed(workshop);
  if (found === undefined) {
    return;
  }
  const { namespace, name } = found;
  const written = await workshop.hands.editNetworkPolicy(namespace, name, (object) =>
    isForeign(object) ? object : change(object),
  );
  if (written !== undefined && !isForeign(written)) {
    workshop.accounts.happened({ kind, namespace, past: pastOf(written) });
  }
}

/** Of one that is recorded by its uid: what lost its label before that is nobody's (R5). */
async function relabelManaged(workshop: Workshop): Promise<void> {
  const found = managed(workshop);
  if (found === undefined) {
    return;
  }
  const { namespace, name } = found;
  const recorded = await workshop.hands.recordedUids(namespace);
  const isRecorded = (object: KubeObject): boolean => recorded.has(object.metadata.uid ?? '');
  const written = await workshop.hands.editNetworkPolicy(namespace, name, (object) =>
    isRecorded(object) ? relabelled(object) : object,
  );
  if (written !== undefined && isRecorded(written)) {
    workshop.accounts.happened({ kind: RELABELLED, namespace, past: pastOf(written) });
  }
}

function widened(object: KubeObject): KubeObject {
  return { ...object, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] } };
}

function narrowed(object: KubeObject): KubeObject {
  return { ...object, spec: { podSelector: { matchLabels: { app: 'nobody' } }, policyTypes: ['Ingress'] } };
}

function relabelled(object: KubeObject): KubeObject {
  return withMetadata(object, { labels: { ...object.metadata.labels, 'app.kubernetes.io/managed-by': 'somebody' } });
}

async function makeForeign(workshop: Workshop): Promise<void> {
  const namespace = oneOf(workshop, present(workshop));
  if (namespace !== undefined) {
    await workshop.hands.createForeign(namespace.name, `tenant-${Math.floor(workshop.random() * 5)}`);
  }
}

async function changeForeign(workshop: Workshop): Promise<void> {
  const found = foreign(workshop);
  const port = 1 + Math.floor(workshop.random() * 65_535);
  if (found !== undefined) {
    await workshop.hands.editNetworkPolicy(found.namespace, found.name, (object) => ({
      ...object,
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ ports: [{ protocol: 'TCP', port }] }] },
    }));
  }
}

async function removeForeign(workshop: Workshop): Promise<void> {
  const found = foreign(workshop);
  if (found === undefined) {
    return;
  }
  const removed = await workshop.hands.removeNetworkPolicy(found.namespace, found.name);
  if (removed !== undefined && !found.name.startsWith('tenant-')) {
    workshop.accounts.happened({ kind: 'name given back', namespace: found.namespace });
  }
}

/** Takes the name of a part that no other part waits for, so that the rest of the set is still due (R3, R5). */
async function obstruct(workshop: Workshop): Promise<void> {
  const policy = oneOf(workshop, [...workshop.declaration.policies.keys()]);
  const namespace = oneOf(
    workshop,
    present(workshop).filter(
      ({ name, policies }) =>
        policy !== undefined &&
        !policies.has(policy) &&
        !workshop.view.networkPolicies(name).has(`${policy}.allow-monitoring`),
    ),
  );
  if (policy !== undefined && namespace !== undefined) {
    await workshop.hands.createForeign(namespace.name, `${policy}.allow-monitoring`);
  }
}

async function edit(workshop: Workshop): Promise<void> {
  const policy = oneOf(workshop, enforced(workshop));
  const form = oneOf(workshop, FORM_NAMES);
  if (policy !== undefined && form !== undefined) {
    await declare(workshop, policy, { form, onDelete: workshop.random() < 0.5 ? 'Keep' : 'Remove' });
  }
}

async function freeze(workshop: Workshop): Promise<void> {
  const policy = oneOf(workshop, enforced(workshop));
  const isUnsettled = present(workshop).some(({ name }) => workshop.accounts.isAwaited(name, RELABELLED));
  if (policy !== undefined && !isUnsettled) {
    await declare(workshop, policy, { mode: workshop.random() < 0.5 ? 'DryRun' : 'Paused' });
  }
}

async function enforce(workshop: Workshop): Promise<void> {
  const policy = oneOf(
    workshop,
    [...workshop.declaration.policies.values()].filter(({ frozenSinceMs }) => frozenSinceMs !== undefined),
  );
  if (policy !== undefined) {
    await declare(workshop, policy, { mode: 'Enforce' });
  }
}

async function declare(workshop: Workshop, policy: DeclaredPolicy, changes: Partial<DeclaredPolicy>): Promise<void> {
  const { hands, accounts, nowMs } = workshop;
  const { form, mode, onDelete } = { ...policy, ...changes };
  const written = await hands.declare(policy.name, {
    ...formOf(form).spec,
    namespaceSelector: { matchLabels: { [labelOf(policy.name)]: 'true' } },
    mode,
    removal: { onDelete },
  });
  if (written === undefined) {
    return;
  }
  const uid = written.metadata.uid ?? '';
  // What carries another uid where nobody selects it any more was left behind by the former policy (R8).
  if (policy.uid !== uid) {
    leaveBehind(workshop, policy.name);
  }
  const frozenSinceMs = mode === 'Enforce' ? undefined : (policy.frozenSinceMs ?? nowMs());
  const kind = policy.frozenSinceMs === undefined ? 'BaselinePolicy edited' : 'BaselinePolicy enforced';
  Object.assign(policy, { form, mode, onDelete, uid, frozenSinceMs });
  if (frozenSinceMs === undefined) {
    for (const { name } of present(workshop)) {
      accounts.happened({ kind, namespace: name });
    }
  }
}

function leaveBehind(workshop: Workshop, policy: string): void {
  for (const namespace of present(workshop)) {
    const isThere = [...workshop.view.networkPolicies(namespace.name)].some(
      ([name, object]) => name.startsWith(`${policy}.`) && !isForeign(object),
    );
    if (isThere && !namespace.policies.has(policy)) {
      namespace.orphaned.add(policy);
    }
  }
}

/** Deletes an enforced policy, and waits until it is gone: with Remove it holds itself until all of its own are. */
async function removePolicy(workshop: Workshop): Promise<void> {
  const { hands, accounts, nowMs } = workshop;
  const policy = oneOf(workshop, enforced(workshop));
  if (policy === undefined || present(workshop).some(({ name }) => accounts.isAwaited(name, RELABELLED))) {
    return;
  }
  // What was declared a moment ago, or while nobody leads, is not held yet, and goes as with Keep (docs/limits.md).
  if ((await hands.isHeld(policy.name)) !== (policy.onDelete === 'Remove')) {
    return;
  }
  await hands.removeDeclaration(policy.name);
  policy.frozenSinceMs = nowMs();
  const isGone = await isTrueWithin(workshop, REMOVAL_LIMIT_MS, async () => !(await hands.isDeclared(policy.name)));
  policy.frozenSinceMs = nowMs();
  if (!isGone) {
    accounts.violated(`BaselinePolicy ${policy.name} is never let go`);
  }
  if (policy.onDelete === 'Keep') {
    return;
  }
  const isCleared = await isTrueWithin(workshop, REMOVAL_LIMIT_MS, () =>
    Promise.resolve(present(workshop).every(({ name }) => standingOf(workshop, name, policy).length === 0)),
  );
  if (!isCleared) {
    accounts.violated(`BaselinePolicy ${policy.name} was deleted with Remove, and something of it still stands`);
  }
}

/** What carries the uid of a policy in a namespace. */
function standingOf({ view }: Workshop, namespace: string, policy: DeclaredPolicy): readonly KubeObject[] {
  return [...view.networkPolicies(namespace).values()].filter(
    ({ metadata }) => metadata.annotations?.['nsbaseline.io/policy-uid'] === policy.uid,
  );
}

async function isTrueWithin({ nowMs }: Workshop, limitMs: number, ask: () => Promise<boolean>): Promise<boolean> {
  const deadlineMs = nowMs() + limitMs;
  while (!(await ask())) {
    if (nowMs() > deadlineMs) {
      return false;
    }
    await pause(systemClock, 100);
  }
  return true;
}

function enforced({ declaration }: Workshop): readonly DeclaredPolicy[] {
  return [...declaration.policies.values()].filter(({ frozenSinceMs }) => frozenSinceMs === undefined);
}

function present({ declaration }: Workshop): readonly DeclaredNamespace[] {
  return [...declaration.namespaces.values()].filter(({ state }) => state === 'present');
}

function managed(workshop: Workshop): { readonly namespace: string; readonly name: string } | undefined {
  const { declaration, view } = workshop;
  const full = present(workshop).flatMap((namespace) =>
    [...declaration.policies.values()]
      .filter((policy) => declaration.duty(namespace, policy).kind === 'full')
      .map((policy) => ({ namespace: namespace.name, policy: policy.name })),
  );
  const chosen = oneOf(workshop, full);
  if (chosen === undefined) {
    return undefined;
  }
  const name = oneOf(
    workshop,
    [...view.networkPolicies(chosen.namespace)]
      .filter(([each, object]) => each.startsWith(`${chosen.policy}.`) && !isForeign(object))
      .map(([each]) => each)
      .sort(),
  );
  return name === undefined ? undefined : { namespace: chosen.namespace, name };
}

function foreign(workshop: Workshop): { readonly namespace: string; readonly name: string } | undefined {
  return oneOf(
    workshop,
    present(workshop).flatMap(({ name: namespace }) =>
      [...workshop.view.networkPolicies(namespace)]
        .filter(([, object]) => isForeign(object))
        .map(([name]) => ({ namespace, name })),
    ),
  );
}

function pastOf({ metadata }: KubeObject): { readonly name: string; readonly uid: string; readonly version: string } {
  return { name: metadata.name ?? '', uid: metadata.uid ?? '', version: metadata.resourceVersion ?? '0' };
}

function replaceAll(namespace: DeclaredNamespace, policies: readonly string[]): void {
  namespace.policies.clear();
  namespace.orphaned.clear();
  for (const policy of policies) {
    namespace.policies.add(policy);
  }
}

function oneOf<Item>({ random }: Pick<Workshop, 'random'>, items: readonly Item[]): Item | undefined {
  return items[Math.floor(random() * items.length)];
}
