import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient } from '../../src/kube/client/kube-client.ts';
import {
  BASELINE_POLICIES,
  NAMESPACE_BASELINES,
  NAMESPACES,
  NETWORK_POLICIES,
} from '../../src/operator/watch/resources.ts';
import type { Declaration } from './declaration.ts';
import type { SoakOperators } from './soak-operators.ts';
import type { View } from './view.ts';

/** What there is to look at when a soak found something. */
interface Scene {
  readonly kube: Pick<KubeClient, 'list'>;
  readonly crew: SoakOperators;
  readonly view: View;
  readonly declaration: Declaration;
  readonly complaints: readonly string[];
}

/**
 * Writes down everything by which the cause of a complaint can be found, while the operators still run: what stands in
 * the cluster, what the observer saw of it, what was declared, and each operator's log and metrics. Gives the folder.
 */
export async function keepEvidence({ kube, crew, view, declaration, complaints }: Scene): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nsbaseline-soak-'));
  const write = (name: string, content: unknown): Promise<void> =>
    writeFile(join(folder, `${name}.json`), JSON.stringify(content, setsAsArrays, 1));
  for (const type of [NETWORK_POLICIES, NAMESPACE_BASELINES, BASELINE_POLICIES, NAMESPACES]) {
    const page = await kube.list({ type });
    await write(type.plural, page.ok ? page.value.items : page.error);
  }
  await write('complaints', complaints);
  await write('declared', {
    policies: [...declaration.policies.values()],
    namespaces: [...declaration.namespaces.values()],
  });
  await write(
    'seen',
    Object.fromEntries(
      [...declaration.namespaces.keys()].map((name) => [name, [...view.networkPolicies(name).values()]]),
    ),
  );
  for (const { number, operator } of crew.posts) {
    const metrics = await operator
      .page('/metrics')
      .catch((cause: unknown) => ({ body: `no answer: ${String(cause)}` }));
    await writeFile(join(folder, `operator-${number}.metrics`), metrics.body);
  }
  for (const [index, { number, log }] of crew.past.entries()) {
    await writeFile(
      join(folder, `operator-${number}-life-${index}.log`),
      log.map((line) => JSON.stringify(line)).join('\n'),
    );
  }
  return folder;
}

function setsAsArrays(_key: string, value: unknown): unknown {
  return value instanceof Set ? [...value] : value;
}
