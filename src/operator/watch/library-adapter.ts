import k8sOperator, { type OperatorLogger, type ResourceEvent, ResourceEventType } from '@dot-i/k8s-operator';
import { apiVersionOf } from '../../kube/client/resource-type.ts';
import type { Change } from '../../kube/informer/object-cache.ts';
import type { Log } from '../../telemetry/log.ts';
import type { NamespaceEventHandler } from '../enqueue/event-handlers.ts';
import type { Identity } from './cached-objects.ts';
import type { Informer } from './informer.ts';
import { BASELINE_POLICIES, NAMESPACE_BASELINES, NAMESPACES, NETWORK_POLICIES } from './resources.ts';

interface Dependencies {
  readonly log: Log;
  readonly listener: NamespaceEventHandler;
  /** Everything that can be watched, the four of `init` among it. */
  readonly watched: readonly Informer<Identity>[];
}

/**
 * The operator in the shape that `@dot-i/k8s-operator` gives it: `init` names what is watched and what follows from an
 * event. Behind `watchResource` stands our own reflector, since the library's ends the process on any watch error and
 * never lists (docs/adr/0003-operator-shape.md). An event's object carries its metadata only; the rest is in the caches.
 */
export class BaselineOperator extends k8sOperator.default {
  readonly #dependencies: Dependencies;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>[] = [];

  constructor(dependencies: Dependencies) {
    super(loggerOver(dependencies.log));
    this.#dependencies = dependencies;
  }

  /** Ends every watch; {@link BaselineOperator.ended} tells when they are over. */
  override stop(): void {
    this.#stopped.abort();
  }

  /** Resolves when every watch has ended after {@link BaselineOperator.stop}. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  protected override async init(): Promise<void> {
    const { listener } = this.#dependencies;
    await this.#on(NAMESPACES, ({ meta }) => {
      listener.namespaceChanged(meta.name);
    });
    await this.#on(BASELINE_POLICIES, ({ meta }) => {
      listener.baselinePolicyChanged(meta.name);
    });
    await this.#on(NETWORK_POLICIES, ({ meta }) => {
      listener.networkPolicyChanged(meta.namespace ?? '');
    });
    await this.#on(NAMESPACE_BASELINES, ({ meta }) => {
      listener.reportChanged(meta.namespace ?? '');
    });
  }

  // The library's own signature.
  // eslint-disable-next-line max-params
  protected override watchResource(
    group: string,
    version: string,
    plural: string,
    onEvent: (event: ResourceEvent) => Promise<void>,
    namespace?: string,
  ): Promise<void> {
    const found = this.#dependencies.watched.find(
      ({ type, namespace: scope }) =>
        type.group === group && type.version === version && type.plural === plural && scope === namespace,
    );
    if (found === undefined) {
      return Promise.reject(new Error(`nothing is set up to watch ${plural}.${group}`));
    }
    found.listen((change) => {
      onEvent(eventFor(found, change)).catch((cause: unknown) => {
        this.logger.error(`handler of ${plural} failed: ${String(cause)}`);
      });
    });
    this.#running.push(found.reflector.run(this.#stopped.signal));
    return Promise.resolve();
  }

  #on(
    type: { readonly group: string; readonly version: string; readonly plural: string },
    react: (event: ResourceEvent) => void,
  ): Promise<void> {
    return this.watchResource(type.group, type.version, type.plural, (event) => {
      react(event);
      return Promise.resolve();
    });
  }
}

function eventFor({ type }: Informer<Identity>, change: Change<Identity>): ResourceEvent {
  const { name, namespace, uid, resourceVersion } = change.current ?? change.old ?? NOBODY;
  const apiVersion = apiVersionOf(type);
  const where = namespace === '' ? {} : { namespace };
  const metadata: object = { name, uid, resourceVersion, ...where };
  return {
    type: eventTypeOf(change),
    meta: { id: `${type.plural}.${apiVersion}`, name, resourceVersion, apiVersion, kind: type.kind, ...where },
    object: { apiVersion, kind: type.kind, metadata },
  };
}

const NOBODY: Identity = { name: '', namespace: '', uid: '', resourceVersion: '' };

function eventTypeOf(change: Change<Identity>): ResourceEventType {
  if (change.old === undefined) {
    return ResourceEventType.Added;
  }
  return change.current === undefined ? ResourceEventType.Deleted : ResourceEventType.Modified;
}

function loggerOver(log: Log): OperatorLogger {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (detail: string) => {
    log[level]({ detail }, 'operator library says');
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
