import { type Command, Option } from 'commander';
import type { Discovered } from '../../../api/baseline-policy.ts';
import { ANNOTATIONS, LABELS } from '../../../api/names.ts';
import { type ExitCodeName, exitCode } from '../../../app/exit-codes.ts';
import type { Result } from '../../../base/result.ts';
import { restsOnFoundDns } from '../../../domain/discovery/dns-doubt.ts';
import { renderedParts } from '../../../domain/rendering/rendering.ts';
import { openRulesMessage, openRulesOf } from '../../../domain/weakening/own-rules.ts';
import type { KubeObject } from '../../../kube/client/kube-object.ts';
import { listBaselinePolicies } from '../../cluster/cluster-reading.ts';
import { failCommand } from '../../cluster/kube-failure.ts';
import { withCluster } from '../../frame/cluster-session.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { type CommandRun, withProgress } from '../../frame/command-run.ts';
import { addHelp } from '../../frame/help-text.ts';
import { addClusterFlags, type ClusterFlags, namespaceName } from '../../frame/kubectl-flags.ts';
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

/** `render`: the NetworkPolicies of a BaselinePolicy in a file. Without `--from-cluster` nothing is sent to any cluster. */
export function defineRender(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command
    .description('Prints the NetworkPolicies of a BaselinePolicy, with the specs that the operator would write.')
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
  addClusterFlags(command).action((flags: RenderFlags) => render(flags, context, terminal));
  addHelp(command, context, { text: renderHelp(context), exitCodes: ['ok', 'failed', 'usage', 'unreachable'] });
}

async function render(flags: RenderFlags, context: CommandContext, terminal: Terminal): Promise<void> {
  const policies = await declaredPolicies(flags, context, terminal);
  if (policies === undefined) {
    context.exit(exitCode('usage'));
  } else if (flags.fromCluster === true) {
    await withCluster(flags, context, (session) =>
      renderFromCluster(policies, { name: 'render', flags, session, context, terminal }),
    );
  } else {
    for (const policy of policies) {
      noteDefaults(policy, {}, context);
      noteOpenRules(policy, context);
    }
    context.print(renderedText(policies, () => ({}), flags));
    context.exit(exitCode('ok'));
  }
}

/** The policies of the files, or undefined after every problem was written to standard error. */
async function declaredPolicies(
  flags: RenderFlags,
  context: CommandContext,
  terminal: Terminal,
): Promise<readonly PolicyManifest[] | undefined> {
  const readings: Result<readonly ManifestText[], string>[] = [];
  for (const path of flags.filename) {
    readings.push(await manifestTexts(path, { isRecursive: flags.recursive === true, terminal }));
  }
  const { policies, problems, skipped } = policyManifests(
    readings.flatMap((reading) => (reading.ok ? reading.value : [])),
  );
  const all = [...readings.flatMap((reading) => (reading.ok ? [] : [reading.error])), ...problems];
  if (all.length === 0 && policies.length === 0) {
    all.push(`there is no BaselinePolicy in ${flags.filename.join(', ')}`);
  }
  for (const other of skipped) {
    context.writeError(`note: skipped, as it is no BaselinePolicy: ${printable(other)}\n`);
  }
  if (all.length === 0) {
    return policies;
  }
  const count = all.length === 1 ? 'one problem' : `${all.length} problems`;
  context.writeError(
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
  run: CommandRun<RenderFlags>,
): Promise<ExitCodeName> {
  const { session, context, flags } = run;
  const stored = await withProgress(run, (progress) =>
    listBaselinePolicies({ kube: session.kube, namespace: undefined, progress }),
  );
  if (!stored.ok) {
    return failCommand(run, stored.error);
  }
  const discoveredBy: DiscoveredBy = (policy) => {
    const own = stored.value.find(({ name }) => name === policy)?.discovered ?? {};
    return Object.keys(own).length > 0
      ? own
      : (stored.value.find(({ discovered }) => Object.keys(discovered).length > 0)?.discovered ?? {});
  };
  for (const policy of policies) {
    noteDefaults(policy, discoveredBy(policy.name), context);
    noteOpenRules(policy, context);
  }
  context.print(renderedText(policies, discoveredBy, flags));
  return 'ok';
}

/** Notes where the output rests on an assumption, as no cluster was asked or its operator has not found it. */
function noteDefaults({ name, spec }: PolicyManifest, discovered: Discovered, context: CommandContext): void {
  const lacksApiServer =
    spec.allow?.kubeApiServer?.enabled === true &&
    discovered.apiServer === undefined &&
    spec.isolate?.includes('Egress') !== false;
  const lacks = [
    ...(restsOnFoundDns(spec) && discovered.dns === undefined
      ? ['allow-dns names the usual resolver (kube-system, k8s-app=kube-dns, port 53)']
      : []),
    ...(lacksApiServer ? ["allow-kube-api-server is left out, as the API server's addresses are not known"] : []),
  ];
  if (lacks.length > 0) {
    context.writeError(
      `note: BaselinePolicy ${name}: ${lacks.join('; ')}; --from-cluster takes what the operator found in a cluster\n`,
    );
  }
}

/** Notes the rules that make OwnRuleOpen True in a cluster (R17, weakening). */
function noteOpenRules({ name, spec }: PolicyManifest, context: CommandContext): void {
  const open = openRulesOf(renderedParts(name, spec, {}), spec.acknowledge);
  if (open.length > 0) {
    context.writeError(`note: BaselinePolicy ${name}: ${openRulesMessage(open)}\n`);
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
The same code renders here and in the operator. What is printed has no ${LABELS.managedBy} label and no
${ANNOTATIONS.policyUid} annotation, so a copy that you apply is yours: the operator never changes or deletes it.
mode and namespaceSelector play no part here. The order is the operator's: allow-dns first, default-deny last, so that
kubectl apply never leaves a pod without DNS.

Examples:
  ${programName} render -f policy.yaml
  ${programName} render -f policies/ -n team-a -o json
  ${programName} render -f policy.yaml --from-cluster | kubectl diff -n team-a -f -
  kubectl get baselinepolicy standard -o yaml | ${programName} render -f - -n team-a`;
}
