import type { Reason } from '../api/reasons.ts';
import { microTime } from '../base/micro-time.ts';
import { cutToBytes } from '../base/text.ts';
import type { KubeObject } from '../kube/client/kube-object.ts';
import { apiVersionOf, type ResourceType } from '../kube/client/resource-type.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export const EVENTS: ResourceType = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  isNamespaced: true,
};

/** The reportingController of our Events. */
const REPORTING_CONTROLLER = 'nsbaseline.io/operator';

/** The object that an Event is about. */
export interface Regarding {
  readonly type: ResourceType;
  readonly name: string;
  /** Absent for cluster-scoped objects; the API requires their Events in the namespace `default`. */
  readonly namespace?: string;
  readonly uid?: string;
}

/** What happened to an object, as `kubectl describe` shows it. */
export interface EventRecord {
  readonly regarding: Regarding;
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  /** The attempted action as one word, such as `Repair`. */
  readonly action: string;
  /** A sentence or two; cut to 1024 bytes. */
  readonly note: string;
}

/** The count and the last time of a repeated Event. */
export interface EventSeries {
  readonly count: number;
  readonly lastObserved: Date;
}

/** The API's limits (pkg/apis/core/validation/events.go of Kubernetes; they are bytes). */
const MAX_NOTE_BYTES = 1_024;
const MAX_INSTANCE_BYTES = 128;
const MAX_NAME_LENGTH = 253;

/** The namespace of an Event about this object. */
export function eventNamespace(regarding: Regarding): string {
  return regarding.namespace ?? 'default';
}

/**
 * The Event in the shape of the API. `uniqueId` consists of lower-case letters and digits and is unique among the
 * Events about the object.
 */
export function eventObject(
  record: EventRecord,
  facts: {
    readonly uniqueId: string;
    readonly instance: string;
    readonly firstObserved: Date;
    readonly series?: EventSeries;
    readonly uid?: string;
  },
): KubeObject {
  const { regarding, type, reason, action, note } = record;
  return {
    apiVersion: apiVersionOf(EVENTS),
    kind: EVENTS.kind,
    metadata: {
      name: eventName(regarding.name, facts.uniqueId),
      namespace: eventNamespace(regarding),
      ...(facts.uid === undefined ? {} : { uid: facts.uid }),
    },
    eventTime: microTime(facts.firstObserved),
    reportingController: REPORTING_CONTROLLER,
    reportingInstance: cutToBytes(facts.instance, MAX_INSTANCE_BYTES),
    regarding: {
      apiVersion: apiVersionOf(regarding.type),
      kind: regarding.type.kind,
      name: regarding.name,
      ...(regarding.namespace === undefined ? {} : { namespace: regarding.namespace }),
      ...(regarding.uid === undefined ? {} : { uid: regarding.uid }),
    },
    type,
    reason,
    action,
    note: cutToBytes(note, MAX_NOTE_BYTES),
    ...(facts.series === undefined
      ? {}
      : { series: { count: facts.series.count, lastObservedTime: microTime(facts.series.lastObserved) } }),
  };
}

function eventName(name: string, uniqueId: string): string {
  const room = MAX_NAME_LENGTH - uniqueId.length - 1;
  return `${name.slice(0, room).replace(/[.-]+$/, '')}.${uniqueId}`;
}
