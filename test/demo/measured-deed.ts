import type { ObjectReference } from '../../src/kube/client/resource-type.ts';
import { NAMESPACES, NETWORK_POLICIES } from '../../src/operator/watch/resources.ts';
import type { Change } from './admin.ts';
import type { DemoCluster } from './demo-cluster.ts';
import { objectsIn } from './manifests.ts';
import type { Expectation, Sighting } from './observer.ts';
import type { Screen } from './screen.ts';

/** What was measured of one change and its effect. */
export interface Measurement {
  readonly what: string;
  /** From sending the change until the last of its effects was seen. */
  readonly durationMs: number;
}

/** A change, as a user would type it and as it is sent. */
export interface Deed {
  /** The kubectl command. */
  readonly words: readonly string[];
  /** Sends what that command sends. */
  send(stage: DemoCluster): Promise<Change>;
}

/** What follows from a change. */
export interface Effect {
  /** Shown when it has come true. */
  readonly text: string;
  /** All that must be seen; the time is that of the last one. */
  readonly expected: (change: Change) => readonly Expectation[];
  /** How the measured time is called in the summary; absent where it is no time of interest. */
  readonly measured?: string;
}

/** What a step of the story does with the stage, always in the same few moves. */
export interface Scene {
  readonly stage: DemoCluster;
  readonly screen: Screen;
  readonly measurements: Measurement[];
  /** Shows the command, sends the change, waits for its effects and shows how long each took. */
  act(deed: Deed, ...effects: readonly Effect[]): Promise<Change>;
  /** Shows a kubectl command and what the real kubectl printed. */
  look(...words: readonly string[]): Promise<string>;
}

/** A scene on this stage that writes to this screen. */
export function sceneOn(stage: DemoCluster, screen: Screen): Scene {
  const measurements: Measurement[] = [];
  return {
    stage,
    screen,
    measurements,
    async act(deed, ...effects) {
      screen.command(deed.words);
      const since = stage.observer.mark();
      const change = await deed.send(stage);
      for (const { text, expected, measured } of effects) {
        const seen = await Promise.all(expected(change).map((each) => stage.observer.sighting(each, since)));
        const durationMs = elapsedMs(change, seen);
        screen.result(text, durationMs);
        if (measured !== undefined) {
          measurements.push({ what: measured, durationMs });
        }
      }
      return change;
    },
    async look(...words) {
      screen.command(['kubectl', ...words]);
      const { stdout, stderr } = await stage.controlPlane.tryKubectl(words);
      screen.output(stdout + stderr);
      return stdout;
    },
  };
}

/**
 * From sending a change until the last of its effects was seen. The change itself takes the API server some of it, but
 * its answer would be the wrong place to start: on a busy machine an effect can be here before the answer is read.
 */
export function elapsedMs(change: Pick<Change, 'sentAtMs'>, effects: readonly Pick<Sighting, 'atMs'>[]): number {
  return Math.max(...effects.map(({ atMs }) => atMs)) - change.sentAtMs;
}

/** `kubectl apply` of a manifest; the answer is that to its last object. */
export function applying(manifest: string): Deed {
  return {
    words: ['kubectl', 'apply', '-f', manifest],
    async send({ admin }) {
      const changes: Change[] = [];
      for (const object of await objectsIn(manifest)) {
        changes.push(await admin.apply(object));
      }
      const last = changes.at(-1);
      if (last === undefined) {
        throw new Error(`${manifest} is empty`);
      }
      return last;
    },
  };
}

/** `kubectl label namespace`; a value of null takes the label away. */
export function labelling(namespace: string, label: { readonly name: string; readonly value: string | null }): Deed {
  const word = label.value === null ? `${label.name}-` : `${label.name}=${label.value}`;
  return {
    words: ['kubectl', 'label', 'namespace', namespace, word],
    send: ({ admin }) =>
      admin.patch({ type: NAMESPACES, name: namespace }, { metadata: { labels: { [label.name]: label.value } } }),
  };
}

/** `kubectl patch` of a NetworkPolicy's spec. */
export function patching(
  where: { readonly namespace: string; readonly name: string },
  spec: object,
  fieldManager?: string,
): Deed {
  const manager = fieldManager === undefined ? [] : ['--field-manager', fieldManager];
  return {
    words: [
      'kubectl',
      'patch',
      'networkpolicy',
      where.name,
      '-n',
      where.namespace,
      ...manager,
      '--type',
      'merge',
      '-p',
      JSON.stringify({ spec }),
    ],
    send: ({ admin }) => admin.patch(networkPolicy(where), { spec }, fieldManager),
  };
}

/** `kubectl delete` of a NetworkPolicy. */
export function deleting(where: { readonly namespace: string; readonly name: string }): Deed {
  return {
    words: ['kubectl', 'delete', 'networkpolicy', where.name, '-n', where.namespace],
    send: ({ admin }) => admin.remove(networkPolicy(where)),
  };
}

/** A NetworkPolicy, as requests name it. */
export function networkPolicy(where: { readonly namespace: string; readonly name: string }): ObjectReference {
  return { type: NETWORK_POLICIES, ...where };
}
