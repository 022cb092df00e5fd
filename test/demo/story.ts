import { isDeepStrictEqual } from 'node:util';
import { FIELD_MANAGER, LABELS } from '../../src/api/names.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import { NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import { valueOf } from './admin.ts';
import { gone, phase, ready, repaired, restored, standing } from './expectations.ts';
import { MANIFESTS } from './manifests.ts';
import { applying, deleting, labelling, networkPolicy, patching, type Scene } from './measured-deed.ts';

/** One step of the story: its headline and what happens. It throws, with a sentence, when something does not come true. */
export interface Step {
  readonly title: string;
  play(scene: Scene): Promise<void>;
}

const DENY = { namespace: 'team-a', name: 'standard.default-deny' };
const DNS = { namespace: 'team-a', name: 'standard.allow-dns' };
const FOREIGN = { namespace: 'team-b', name: 'standard.allow-monitoring' };
const STANDARD_PARTS = ['standard.allow-dns', 'standard.allow-monitoring', 'standard.default-deny'];
const OPTED_IN = { name: LABELS.enabled, value: 'true' };
const OPTED_OUT = { name: LABELS.enabled, value: null };

/** The whole story, in order. */
export const STORY: readonly Step[] = [
  {
    title: 'Three namespaces; team-a and team-b have a NetworkPolicy of their own',
    async play(scene) {
      await scene.act(applying(MANIFESTS.teams));
      await scene.look('get', 'namespaces', 'team-a', 'team-b', 'team-c', '-L', LABELS.enabled);
      await scene.look('get', 'networkpolicies', '-A');
    },
  },
  {
    title: 'A policy says what labelled namespaces get: "spec: {}" is default-deny, DNS and monitoring',
    async play(scene) {
      await scene.act(applying(MANIFESTS.standard), {
        text: 'the policy is accepted',
        expected: () => [ready('standard')],
      });
      await scene.look('get', 'baselinepolicies');
    },
  },
  {
    title: 'Label a namespace',
    async play(scene) {
      await scene.act(labelling('team-a', OPTED_IN), {
        text: 'three policies stand',
        expected: () => STANDARD_PARTS.map((name) => standing('team-a', name)),
        measured: 'namespace labelled → its three policies stand',
      });
      await scene.look('get', 'networkpolicies', '-n', 'team-a');
    },
  },
  {
    title: 'Tamper with it: delete a policy, narrow one, open one as another field manager',
    async play(scene) {
      await scene.act(deleting(DENY), {
        text: 'it is back',
        expected: ({ object }) => [restored(object)],
        measured: 'default-deny deleted → it is back',
      });

      const dns = await current(scene, DNS);
      await scene.act(patching(DNS, { podSelector: { matchLabels: { app: 'web' } } }), {
        text: 'every pod may resolve names again',
        expected: ({ object }) => [repaired({ original: dns, tampered: object })],
        measured: 'podSelector narrowed → it selects every pod again',
      });

      const deny = await current(scene, DENY);
      await scene.act(patching(DENY, { ingress: [{}], egress: [{}] }, 'intruder'), {
        text: 'the allow-all is gone again',
        expected: ({ object }) => [repaired({ original: deny, tampered: object })],
        measured: 'allow-all added by another manager → it is gone',
      });
    },
  },
  {
    title: 'team-b has a policy of a name that is ours: reported, never touched',
    async play(scene) {
      const before = await current(scene, FOREIGN);
      await scene.act(
        labelling('team-b', OPTED_IN),
        {
          text: 'the other two stand',
          expected: () =>
            STANDARD_PARTS.filter((name) => name !== FOREIGN.name).map((name) => standing('team-b', name)),
          measured: 'namespace with a foreign policy labelled → the other two stand',
        },
        { text: 'the conflict is reported', expected: () => [phase('team-b', 'Conflict')] },
      );
      const after = await current(scene, FOREIGN);
      if (!isUntouched(before, after)) {
        throw new Error(`The foreign NetworkPolicy ${FOREIGN.name} was changed, and must not be.`);
      }
      scene.screen.result(
        `${FOREIGN.name} is untouched: same uid, spec and resourceVersion ${String(after.metadata.resourceVersion)}`,
      );
      await scene.look('get', 'namespacebaselines', '-A');
    },
  },
  {
    title: 'A policy in mode DryRun writes nothing and says what it would do',
    async play(scene) {
      await scene.act(applying(MANIFESTS.strict), {
        text: 'the plan of team-c is known',
        expected: () => [phase('team-c', 'DryRun')],
      });
      await scene.look(
        'get',
        'namespacebaseline',
        'baseline',
        '-n',
        'team-c',
        '-o',
        'jsonpath={.status.policies[0].plan}',
      );
      await scene.look('get', 'networkpolicies', '-n', 'team-c');
      const written = (await managedIn(scene, 'team-c')).length;
      if (written > 0) {
        throw new Error('DryRun wrote NetworkPolicies, and must not.');
      }
    },
  },
  {
    title: 'Take the label away: ten seconds later our policies go, the one of team-a stays',
    async play(scene) {
      await scene.act(labelling('team-a', OPTED_OUT), {
        text: 'three policies are gone',
        expected: () => STANDARD_PARTS.map((name) => gone('team-a', name)),
        measured: 'label removed → our three policies are gone',
      });
      await scene.look('get', 'networkpolicies', '-n', 'team-a');
      await current(scene, { namespace: 'team-a', name: 'allow-web' });
    },
  },
];

async function current(
  { stage }: Scene,
  where: { readonly namespace: string; readonly name: string },
): Promise<KubeObject> {
  return valueOf(await stage.admin.kube.get(networkPolicy(where)));
}

async function managedIn({ stage }: Scene, namespace: string): Promise<readonly KubeObject[]> {
  const page = await stage.admin.kube.list({
    type: NETWORK_POLICIES,
    namespace,
    labelSelector: `${LABELS.managedBy}=${FIELD_MANAGER}`,
  });
  return valueOf(page).items;
}

function isUntouched(before: KubeObject, after: KubeObject): boolean {
  return (
    before.metadata.uid === after.metadata.uid &&
    before.metadata.resourceVersion === after.metadata.resourceVersion &&
    isDeepStrictEqual(before.spec, after.spec)
  );
}
