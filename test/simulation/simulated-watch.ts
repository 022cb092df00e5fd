import { failure, type Result, success } from '../../src/base/result.ts';
import type { WatchEvent, WatchRequest } from '../../src/kube/client/kube-client.ts';
import type { KubeError } from '../../src/kube/client/kube-error.ts';
import type { KubeObject } from '../../src/kube/client/kube-object.ts';
import { RequestDeadline } from '../../src/kube/transport/request-deadline.ts';
import { watchLine } from '../../src/kube/transport/watch-lines.ts';
import type { WatchStart } from '../support/fake-api/watch-stream.ts';
import type { HostClock } from './host-clock.ts';
import type { Network } from './network.ts';
import type { ShownSink } from './simulated-client.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What a watch works with. */
export interface SimulatedWatchParts {
  readonly host: HostClock;
  readonly world: VirtualClock;
  readonly network: Network;
  readonly request: WatchRequest;
  readonly onEvent: (event: WatchEvent) => void;
  /** What the program makes of an object. */
  readonly read: (object: KubeObject) => KubeObject;
  /** Told of every event, where the watch is over a whole type. */
  readonly shown?: ShownSink;
}

/** How many lines are kept to be shown again. */
const MOST_KEPT = 8;

/** One open watch. Lines come in order, each as late as the network says, and all that is under way is lost when the connection breaks. */
export class SimulatedWatch {
  readonly plural: string;
  readonly #parts: SimulatedWatchParts;
  readonly #end: RequestDeadline;
  readonly #newest: string[] = [];
  #lastDueMs = 0;
  #isOver = false;
  #isMuted = false;
  #close: () => void = () => undefined;
  #resolve: (result: Result<void, KubeError>) => void = () => undefined;

  constructor(parts: SimulatedWatchParts) {
    this.#parts = parts;
    this.plural = parts.request.type.plural;
    this.#end = new RequestDeadline(parts.host, parts.request.signal);
  }

  /** Opens the watch and resolves when it is over. */
  run(start: WatchStart): Promise<Result<void, KubeError>> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      const end = this.#end;
      const onEnd = (): void => {
        this.#finish(failure(end.reason ?? { kind: 'aborted', message: 'the request was aborted' }));
      };
      end.signal.addEventListener('abort', onEnd, { once: true });
      if (end.signal.aborted) {
        onEnd();
      }
      end.allow(this.#parts.request.silenceLimitMs);
      const stop = start.open({
        write: (text) => {
          for (const line of text.split('\n')) {
            if (line !== '') {
              this.#send(line);
            }
          }
        },
        end: () => {
          this.#hear(() => {
            this.#finish(success(undefined));
          }, 'in turn');
        },
        reset: () => {
          this.#hear(() => {
            this.#finish(failure({ kind: 'network', message: 'the connection broke' }));
          }, 'now');
        },
      });
      this.#close = stop;
      // A watch that is refused ends while it is being opened.
      if (this.#isOver) {
        stop();
      }
    });
  }

  /** Nothing that is sent arrives any more, and nobody is told. */
  mute(): void {
    this.#isMuted = true;
  }

  /** Its newest lines come once more, in their order. */
  replay(count: number): void {
    for (const line of this.#newest.slice(-count)) {
      this.#hear(() => {
        this.#take(line);
      }, 'in turn');
    }
  }

  /** The process that watched is gone. */
  abandon(): void {
    this.#isOver = true;
    this.#end.dispose();
    this.#close();
  }

  #send(line: string): void {
    this.#newest.push(line);
    if (this.#newest.length > MOST_KEPT) {
      this.#newest.shift();
    }
    this.#hear(() => {
      this.#take(line);
    }, 'in turn');
  }

  #hear(act: () => void, when: 'in turn' | 'now'): void {
    const { world, host, network } = this.#parts;
    if (this.#isMuted) {
      return;
    }
    if (when === 'in turn') {
      this.#lastDueMs = Math.max(this.#lastDueMs, world.nowMs() + network.lagMs(this.plural));
    }
    host.arrive(when === 'now' ? 0 : this.#lastDueMs - world.nowMs(), () => {
      if (!this.#isOver) {
        act();
      }
    });
  }

  #take(line: string): void {
    const { host, shown, request, onEvent, read } = this.#parts;
    this.#end.touch();
    const said = watchLine(line, host.wallTime());
    if ('error' in said) {
      this.#finish(failure(said.error));
      return;
    }
    const { type } = said.event;
    const object = type === 'BOOKMARK' ? said.event.object : read(said.event.object);
    if (type !== 'BOOKMARK') {
      shown?.shown(request.type, { isGone: type === 'DELETED', object });
    }
    onEvent({ type, object });
  }

  #finish(result: Result<void, KubeError>): void {
    if (this.#isOver) {
      return;
    }
    this.#isOver = true;
    this.#end.dispose();
    this.#close();
    this.#resolve(result);
  }
}
