import { fieldOf, itemsOf, textOf } from '../../src/base/json.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';

/** What a tool that goes by kstatus makes of an object. */
export type ObjectStatus = 'Terminating' | 'InProgress' | 'Failed' | 'Current';

/**
 * The generic rules of kstatus, as Flux, kpt and `cli-utils` apply them to custom resources
 * (https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md), written anew from its text: an object
 * without a word to the contrary is Current, which is why ours never is without a word.
 */
export function kstatusOf({ metadata, status }: KubeObject): ObjectStatus {
  if (metadata.deletionTimestamp !== undefined) {
    return 'Terminating';
  }
  const observed = fieldOf(status, 'observedGeneration');
  if (observed !== undefined && observed !== metadata.generation) {
    return 'InProgress';
  }
  const conditions = itemsOf(fieldOf(status, 'conditions'));
  const valueOf = (type: string): string =>
    textOf(
      fieldOf(
        conditions.find((condition) => fieldOf(condition, 'type') === type),
        'status',
      ),
    );
  if (valueOf('Reconciling') === 'True') {
    return 'InProgress';
  }
  if (valueOf('Stalled') === 'True') {
    return 'Failed';
  }
  return valueOf('Ready') === '' || valueOf('Ready') === 'True' ? 'Current' : 'InProgress';
}
