import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import type { ResourceType } from '../../src/kube/client/resource-type.ts';
import type { ShownSink } from './simulated-client.ts';

/** Everything that the operator had been shown at one moment: objects by `plural namespace/name`. */
export type ShownMoment = ReadonlyMap<string, KubeObject>;

/** The key of an object in a {@link ShownMoment}. */
export function shownKey(
  plural: string,
  { namespace, name }: { readonly namespace?: string | undefined; readonly name?: string | undefined },
): string {
  return `${plural} ${namespace ?? ''}/${name ?? ''}`;
}

/**
 * What the operator was shown, and when: the standard by which its decisions are judged, since nobody can act on what he
 * was not told. A moment counts for as long as something that was begun in it may still be under way.
 */
export class ShownWorld implements ShownSink {
  readonly #nowMs: () => number;
  #present: ShownMoment = new Map();
  /** Moments that are over, with when they were. */
  #past: { readonly moment: ShownMoment; readonly endedMs: number }[] = [];
  /** When the oldest moment that is still known began. */
  #knownSinceMs: number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#knownSinceMs = nowMs();
  }

  listed({ plural }: ResourceType, objects: readonly KubeObject[], namespace?: string): void {
    const prefix = namespace === undefined ? `${plural} ` : `${plural} ${namespace}/`;
    const others = [...this.#present].filter(([key]) => !key.startsWith(prefix));
    this.#become(
      new Map([
        ...others,
        ...objects.map((object): [string, KubeObject] => [shownKey(plural, object.metadata), object]),
      ]),
    );
  }

  shown({ plural }: ResourceType, { isGone, object }: { readonly isGone: boolean; readonly object: KubeObject }): void {
    const key = shownKey(plural, object.metadata);
    const next = new Map(this.#present);
    if (isGone) {
      next.delete(key);
    } else if (isOvertaken(object, this.#present.get(key))) {
      // A watch may deliver late what the answer to a write showed in a newer form.
      return;
    } else {
      next.set(key, object);
    }
    this.#become(next);
  }

  /** What the operator has been shown now. */
  get present(): ShownMoment {
    return this.#present;
  }

  /** Every moment on which something that happens now may rest, the present first. */
  recent(withinMs: number): readonly ShownMoment[] {
    const sinceMs = this.#nowMs() - withinMs;
    return [this.#present, ...this.#past.filter(({ endedMs }) => endedMs >= sinceMs).map(({ moment }) => moment)];
  }

  /** For how long at most something was so without a break, of all times that reached into the last so many milliseconds; -1 for never. */
  longestRunMs(withinMs: number, isSo: (moment: ShownMoment) => boolean): number {
    const nowMs = this.#nowMs();
    let longestMs = -1;
    let beganMs: number | undefined;
    let startMs = this.#knownSinceMs;
    for (const { moment, endedMs } of [...this.#past, { moment: this.#present, endedMs: nowMs }]) {
      beganMs = isSo(moment) ? (beganMs ?? startMs) : undefined;
      if (beganMs !== undefined && endedMs >= nowMs - withinMs) {
        longestMs = Math.max(longestMs, endedMs - beganMs);
      }
      startMs = endedMs;
    }
    return longestMs;
  }

  #become(next: ShownMoment): void {
    const nowMs = this.#nowMs();
    this.#past.push({ moment: this.#present, endedMs: nowMs });
    while (nowMs - (this.#past[0]?.endedMs ?? nowMs) > LONGEST_MS) {
      this.#knownSinceMs = this.#past.shift()?.endedMs ?? nowMs;
    }
    this.#present = next;
  }
}

const LONGEST_MS = 150_000;

function isOvertaken({ metadata }: KubeObject, known: KubeObject | undefined): boolean {
  return (
    known?.metadata.uid === metadata.uid &&
    BigInt(known?.metadata.resourceVersion ?? 0) > BigInt(metadata.resourceVersion ?? 0)
  );
}
