import { failure, type Result, success } from '../../../src/base/result.ts';
import type {
  KubeClient,
  ListPage,
  ListRequest,
  WatchEvent,
  WatchRequest,
} from '../../../src/kube/client/kube-client.ts';
import type { KubeError } from '../../../src/kube/client/kube-error.ts';
import type { KubeObject } from '../../../src/kube/client/kube-object.ts';

/** A watch that the test speaks into. */
export interface OpenWatch {
  readonly request: WatchRequest;
  send(type: WatchEvent['type'], object: KubeObject): void;
  /** Ends it: in order, or with an error. */
  end(error?: KubeError): void;
}

/** An API server without a network: what it lists is set by the test, and its watches are spoken into. */
export class ScriptedServer implements Pick<KubeClient, 'list' | 'watch'> {
  readonly lists: ListRequest[] = [];
  readonly watches: OpenWatch[] = [];
  objects: readonly KubeObject[] = [];
  resourceVersion = '10';
  /** Answers for the next lists, in order; the objects above once they are used up. */
  readonly nextLists: Result<ListPage, KubeError>[] = [];
  /** How each watch ends at once; it stays open when `undefined`. */
  watchEnding: (() => Result<void, KubeError>) | undefined;

  /** The watch that was begun last. */
  get watching(): OpenWatch {
    const last = this.watches.at(-1);
    if (last === undefined) {
      throw new Error('no watch was begun');
    }
    return last;
  }

  list(request: ListRequest): Promise<Result<ListPage, KubeError>> {
    this.lists.push(request);
    return Promise.resolve(
      this.nextLists.shift() ?? success({ items: this.objects, resourceVersion: this.resourceVersion }),
    );
  }

  watch(request: WatchRequest, onEvent: (event: WatchEvent) => void): Promise<Result<void, KubeError>> {
    return new Promise((resolve) => {
      this.watches.push({
        request,
        send: (type, object) => {
          onEvent({ type, object });
        },
        end: (error) => {
          resolve(error === undefined ? success(undefined) : failure(error));
        },
      });
      request.signal?.addEventListener('abort', () => {
        resolve(failure({ kind: 'aborted', message: 'aborted' }));
      });
      if (this.watchEnding !== undefined) {
        resolve(this.watchEnding());
      }
    });
  }
}

/** An error of that kind, for kinds that carry nothing but a message. */
export function refusal(
  kind: 'expired' | 'network' | 'notFound' | 'forbidden' | 'resourceVersionTooLarge' | 'malformed',
): KubeError {
  return { kind, message: kind };
}

/** A page of a list. */
export function page(
  resourceVersion: string,
  items: readonly KubeObject[],
  continueToken?: string,
): Result<ListPage, KubeError> {
  return success({ resourceVersion, items, ...(continueToken === undefined ? {} : { continueToken }) });
}

/** A namespace of that name and version. */
export function namespace(name: string, resourceVersion: string): KubeObject {
  return { metadata: { name, uid: `uid-${name}`, resourceVersion } };
}

/** A bookmark at that version. */
export function bookmark(resourceVersion: string, annotations?: Record<string, string>): KubeObject {
  return { metadata: { resourceVersion, ...(annotations === undefined ? {} : { annotations }) } };
}
