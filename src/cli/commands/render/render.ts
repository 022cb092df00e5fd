import { type Command, Option } from 'commander';
import type { Discovered } from '../../../api/baseline-policy.ts';
import { ANNOTATIONS } from '../../../api/names.ts';
import { type ExitCodeName, exitCode, exitCodesHelp } from '../../../app/exit-codes.ts';
import { systemClock } from '../../../base/clock.ts';
import type { Result } from '../../../base/result.ts';
import type { KubeObject } from '../../../kube/client/kube-object.ts';
import { discoveryProblemFor } from '../../../operator/discovery/discovery.ts';
import { listPolicies } from '../../cluster/cluster-reading.ts';
import { exitCodeNameFor, failureText } from '../../cluster/kube-failure.ts';
import { type ClusterSession, withCluster } from '../../frame/cluster-session.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { addClusterFlags, type ClusterFlags, namespaceName } from '../../frame/kubectl-flags.ts';
import { Progress } from '../../frame/progress.ts';
import { processTerminal, type Terminal } from '../../frame/terminal.ts';
import { type ManifestText, manifestTexts } from '../../manifests/manifest-files.ts';
import { printable } from '../../views/printable.ts';
import { structuredText, yamlText } from '../../views/structured-output.ts';
import { type PolicyManifest, policyManifests } from './policy-manifests.ts';
import { renderedObjects } from './rendered-objects.ts';

interface RenderFlags extends ClusterFlags {
  readonly filename: readonly string[];
  readonly recursive?: true;
  readonly namespace?: string;
  readonly output: 'yaml' | 'json';
  readonly fromCluster?: true;
}

/** What to render each policy with. */
type DiscoveredBy = (policy: string) => Discovered;

/** `render`: the NetworkPolicies of a BaselinePolicy in a file. Without `--from-cluster` it talks to nobody. */
export function defineRender(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command
    .description('Prints the NetworkPolicies that a BaselinePolicy stands for, as the operator would write them.')
    .addOption(
      new Option(
        '-f, --filename <path>',
        'a file or folder with BaselinePolicies, or - for standard input; can be repeated',
      )
        .argParser<readonly string[] | undefined>((path, before) => [...(before ?? []), path])
        .makeOptionMandatory(),
    )
    .option('-R, --recursive', 'look into the folders of a folder too')
    .addOption(
      new Option(
        '-n, --namespace <namespace>',
        'the namespace to write into them (default: none, so that kubectl apply -n decides)',
      ).argParser(namespaceName),
    )
    .addOption(
      new Option('-o, --output <format>', 'yaml: a document for each; json: a List')
        .choices(['yaml', 'json'])
        .default('yaml'),
    )
    .option(
      '--from-cluster',
      "render with what the operator found in the cluster, DNS and the API server's addresses, instead of the usual",
    );
  addClusterFlags(command)
    .addHelpText('after', renderHelp(context))
    .action((flags: RenderFlags) => render(flags, context, terminal));
}

async function render(flags: RenderFlags, context: CommandContext, terminal: Terminal): Promise<void> {
  const policies = await declaredPolicies(flags, context, terminal);
  if (policies === undefined) {
    context.finish(exitCode('usage'));
  } else if (flags.fromCluster === true) {
    await withCluster(flags, context, (session) => renderFromCluster(policies, { flags, session }, context));
  } else {
    for (const policy of policies) {
      noteDefaults(policy, {}, context);
    }
    context.print(renderedText(policies, () => ({}), flags));
    context.finish(exitCode('ok'));
  }
}

/** The policies of the files, or undefined after all that is wrong was complained of. */
async function declaredPolicies(
  flags: RenderFlags,
  context: CommandContext,
  terminal: Terminal,
): Promise<readonly PolicyManifest[] | undefined> {
  const readings: Result<readonly ManifestText[], string>[] = [];
  for (const path of flags.filename) {
    readings.push(await manifestTexts(path, { isRecursive: flags.recursive === true, terminal }));
  }
  const { policies, problems, passedOver } = policyManifests(
    readings.flatMap((reading) => (reading.ok ? reading.value : [])),
  );
  const all = [...readings.flatMap((reading) => (reading.ok ? [] : [reading.error])), ...problems];
  if (all.length === 0 && policies.length === 0) {
    all.push(`there is no BaselinePolicy in ${flags.filename.join(', ')}`);
  }
  for (const other of passedOver) {
    context.complain(`note: passed over, as it is no BaselinePolicy: ${printable(other)}\n`);
  }
  if (all.length === 0) {
    return policies;
  }
  const count = all.length === 1 ? 'one problem' : `${all.length} problems`;
  context.complain(
    [
      `${context.programName} render: ${count}, nothing was rendered`,
      ...all.map((problem) => `  ${printable(problem)}`),
      '',
    ].join('\n'),
  );
  return undefined;
}

/** Every policy's status has all that was found, so that one which is not in the cluster yet takes it from another. */
async function renderFromCluster(
  policies: readonly PolicyManifest[],
  from: { readonly flags: RenderFlags; readonly session: ClusterSession },
  context: CommandContext,
): Promise<ExitCodeName> {
  const progress = new Progress({ clock: systemClock, write: () => undefined, isShown: false });
  const stored = await listPolicies({ kube: from.session.kube, namespace: undefined, progress });
  if (!stored.ok) {
    context.complain(`${context.programName} render: ${failureText(stored.error.attempt, stored.error.error)}\n`);
    return exitCodeNameFor(stored.error.error);
  }
  const discoveredBy: DiscoveredBy = (policy) => {
    const own = stored.value.find(({ name }) => name === policy)?.discovered ?? {};
    return Object.keys(own).length > 0
      ? own
      : (stored.value.find(({ discovered }) => Object.keys(discovered).length > 0)?.discovered ?? {});
  };
  for (const policy of policies) {
    noteDefaults(policy, discoveredBy(policy.name), context);
  }
  context.print(renderedText(policies, discoveredBy, from.flags));
  return 'ok';
}

/** Says where the output depends on a cluster that nobody asked, or that did not say. */
function noteDefaults({ name, spec }: PolicyManifest, discovered: Discovered, context: CommandContext): void {
  const problem = discoveryProblemFor(spec, { discovered, dns: discovered.dns === undefined ? 'notFound' : 'current' });
  const lacksApiServer =
    spec.allow?.kubeApiServer?.enabled === true &&
    discovered.apiServer === undefined &&
    spec.isolate?.includes('Egress') !== false;
  const lacks = [
    ...(problem === 'DnsNotFound'
      ? ['allow-dns names the usual resolver (kube-system, k8s-app=kube-dns, port 53)']
      : []),
    ...(lacksApiServer ? ["allow-kube-api-server is left out, as the API server's addresses are not known"] : []),
  ];
  if (lacks.length > 0) {
    context.complain(
      `note: BaselinePolicy ${name}: ${lacks.join('; ')}; --from-cluster takes what the operator found in a cluster\n`,
    );
  }
}

function renderedText(policies: readonly PolicyManifest[], discoveredBy: DiscoveredBy, flags: RenderFlags): string {
  const objects = policies.flatMap((policy): readonly KubeObject[] =>
    renderedObjects(policy, { discovered: discoveredBy(policy.name), namespace: flags.namespace }),
  );
  if (flags.output === 'json') {
    return structuredText({ apiVersion: 'v1', kind: 'List', metadata: {}, items: objects }, 'json');
  }
  return objects.map((object) => `---\n${yamlText(object)}`).join('');
}

function renderHelp({ programName }: CommandContext): string {
  return `
The same code renders here and in the operator. What is printed has no ${ANNOTATIONS.policyUid} annotation, so a
copy that you apply is yours: the operator never changes or deletes it. mode and namespaceSelector play no part here.

Examples:
  ${programName} render -f policy.yaml
  ${programName} render -f policies/ -n team-a -o json
  ${programName} render -f policy.yaml --from-cluster | kubectl diff -n team-a -f -
  kubectl get baselinepolicy standard -o yaml | ${programName} render -f - -n team-a

${exitCodesHelp()}`;
}
