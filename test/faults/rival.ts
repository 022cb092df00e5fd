import type { ResourceType } from '../../src/kube/client/resource-type.ts';
import type { FaultCluster } from './fault-cluster.ts';

/** Somebody who answers each of an operator's writes to one object with one of his own, at once and without end. */
export interface Rival {
  /** How often he has acted. */
  readonly acts: number;
  /** He gives in; resolves when what he had begun is done. */
  stop(): Promise<void>;
}

/** The object that a rival watches over, and what he does to it. */
export interface RivalPlan {
  readonly type: ResourceType;
  readonly namespace: string;
  readonly name: string;
  readonly act: () => Promise<unknown>;
}

/** Sets a rival to work; he begins with an act of his own. */
export function rivalOn(stage: FaultCluster, { type, namespace, name, act }: RivalPlan): Rival {
  const begun: Promise<unknown>[] = [act()];
  let isOver = false;
  stage.onWrite((plural, { object }) => {
    if (!isOver && plural === type.plural && object.namespace === namespace && object.name === name) {
      begun.push(act());
    }
  });
  return {
    get acts() {
      return begun.length;
    },
    async stop() {
      isOver = true;
      await Promise.all(begun);
    },
  };
}
