import { type Command, Option } from 'commander';
import type { ExitCodeName } from '../../../app/exit-codes.ts';
import { type Endpoint, podsBehind, type VerdictKind } from '../../../policy/index.ts';
import type { CommandContext } from '../../frame/command-context.ts';
import { fail } from '../../frame/command-run.ts';
import { addHelp } from '../../frame/help-text.ts';
import { isColoured, processTerminal, type Terminal } from '../../frame/terminal.ts';
import { wordList } from '../../frame/word-list.ts';
import { type AskedPort, askedPort } from '../../objects/asked-port.ts';
import { type JudgedCluster, judgedClusterOf } from '../../objects/judged-cluster.ts';
import { addObjectFlags, type ObjectFlags } from '../../objects/object-flags.ts';
import { failForProblems, type ObjectsRun, withObjects } from '../../objects/read-objects.ts';
import { printable } from '../../views/printable.ts';
import { isStructured, type StructuredFormat, structuredText } from '../../views/structured-output.ts';
import { askedEnd, namespacesOf } from './asked-end.ts';
import { explainHelp } from './explain-help.ts';
import { explanationOf } from './explanation.ts';
import { explanationText } from './explanation-text.ts';
import { type FixForm, fixFor } from './fix.ts';
import { fixText } from './fix-text.ts';
import { type JudgedPort, judgedPort, type Way } from './judged-port.ts';
import { asSource, type KnownEnd, knownEnd } from './known-end.ts';
import { type ReachQuestion, reachListOf } from './reach-list.ts';
import { reachListText } from './reach-list-text.ts';
import { resolverIn } from './resolver.ts';

const VERDICTS: readonly VerdictKind[] = ['allowed', 'denied', 'undefined'];

interface ExplainFlags extends ObjectFlags {
  readonly port?: readonly string[];
  readonly service?: string;
  readonly whoCanReach?: string;
  readonly whatCan?: string;
  readonly fix?: true;
  readonly fixAs?: FixForm;
  readonly output: 'table' | StructuredFormat;
  readonly failOn?: readonly VerdictKind[];
}

/** One run, with the objects ready to be asked about. */
interface ExplainRun extends ObjectsRun {
  readonly flags: ExplainFlags;
  readonly judged: JudgedCluster;
  /** Where the cluster's DNS is. */
  readonly dns: Endpoint;
  readonly assumed: readonly unknown[];
}

/** `explain`: whether a connection is allowed, why, and what would allow it. It only reads. */
export function defineExplain(command: Command, context: CommandContext, terminal: Terminal = processTerminal): void {
  command
    .description(
      'Says whether NetworkPolicies allow a connection, which rule decides at each end, and what would allow it.',
    )
    .argument('[from]', 'who connects: a pod, workload, Service, labels, address, or internet')
    .argument('[to]', 'what is connected to: the same, or apiserver or dns')
    .addOption(
      new Option(
        '-p, --port <port>',
        'the port, such as 8080/tcp, 53/udp or http; can be repeated (default: those that the destination declares)',
      ).argParser<readonly string[] | undefined>((port, before) => [...(before ?? []), port]),
    )
    .option('--service <name>', 'connect through this Service of the namespace of TO; --port is then one of its ports')
    .addOption(new Option('--who-can-reach <end>', 'list the workloads that can connect to this end'))
    .addOption(
      new Option('--what-can <end>', 'list the workloads that this end can connect to').conflicts('whoCanReach'),
    )
    .option('--fix', 'print the smallest rule that would allow it, as YAML to apply')
    .addOption(
      new Option(
        '--fix-as <form>',
        'the same as a NetworkPolicy, or as a rule of the BaselinePolicy that isolates the pod (default: networkpolicy)',
      ).choices(['networkpolicy', 'baselinepolicy']),
    );
  addObjectFlags(command)
    .addOption(
      new Option('-o, --output <format>', 'what it looks like').choices(['table', 'json', 'yaml']).default('table'),
    )
    .addOption(
      new Option(
        '--fail-on <verdicts>',
        'exit 5 where a port has one of these verdicts, such as denied,undefined',
      ).argParser(wordList(VERDICTS, 'Write allowed, denied or undefined, or several with commas.')),
    )
    .action((from: string | undefined, to: string | undefined, flags: ExplainFlags) =>
      explain([from, to], { name: 'explain', flags, context, terminal }),
    );
  addHelp(command, context, {
    text: explainHelp(context),
    exitCodes: ['ok', 'failed', 'usage', 'unreachable', 'found'],
  });
}

async function explain(
  [from, to]: readonly (string | undefined)[],
  base: ObjectsRun & { readonly flags: ExplainFlags },
): Promise<void> {
  const { flags } = base;
  const list = flags.whoCanReach ?? flags.whatCan;
  const asked = list === undefined ? [from, to] : [list];
  const run: ObjectsRun & { readonly flags: ExplainFlags } = {
    ...base,
    namespaces: (namespace) => [
      ...new Set(asked.flatMap((text) => namespacesOf(askedEnd(text ?? '', namespace))).concat(namespace)),
    ],
  };
  await withObjects(run, (read) => {
    const broken = failForProblems(run, read.problems);
    if (broken !== undefined) {
      return broken;
    }
    const { endpoint, assumed } = resolverIn(read);
    const isAssumed = asked.includes('dns') && assumed.length > 0;
    const judged = judgedClusterOf(read, isAssumed ? assumed : []);
    const ready: ExplainRun = { ...run, judged, dns: endpoint, assumed: isAssumed ? assumed : [] };
    noteAll(ready, isAssumed);
    return list === undefined ? explainPair(ready, from, to) : listReach(ready, list);
  });
}

function noteAll({ context, judged, flags }: ExplainRun, isDnsAssumed: boolean): void {
  const notes = [
    ...judged.notes,
    ...(isDnsAssumed
      ? [
          'no pods of the cluster DNS were found: the usual resolver (kube-system, k8s-app=kube-dns), or what its Service selects, is assumed',
        ]
      : []),
  ];
  if (!isStructured(flags.output)) {
    for (const note of notes) {
      context.writeError(`note: ${note}\n`);
    }
  }
}

function explainPair(run: ExplainRun, fromText: string | undefined, toText: string | undefined): ExitCodeName {
  if (fromText === undefined || toText === undefined) {
    return fail(run, 'needs FROM and TO, or --who-can-reach or --what-can with one end; see --help', 'usage');
  }
  const from = endOf(run, fromText);
  const to = endOf(run, toText);
  const ports = portsOf(run, typeof to === 'string' ? undefined : to);
  if (typeof from === 'string' || typeof to === 'string' || typeof ports === 'string') {
    const wrong = [from, to, ports].find((one) => typeof one === 'string');
    return fail(run, printable(String(wrong)), 'usage');
  }
  const through = throughService(run, to, ports);
  if (typeof through === 'string') {
    return fail(run, printable(through), 'usage');
  }
  const ends = { from: asSource(from), to: through.to };
  const judgedPorts = through.ports.map((port) => judgedPort(run.judged, ends, port, through.way));
  printExplanation(run, ends, judgedPorts, through.way);
  return exitFor(
    run,
    judgedPorts.map(({ kind }) => kind),
  );
}

function printExplanation(
  run: ExplainRun,
  ends: { readonly from: KnownEnd; readonly to: KnownEnd },
  ports: readonly JudgedPort[],
  way: Way,
): void {
  const { flags, context, judged, terminal, assumed } = run;
  const explanation = explanationOf(judged, ends, ports);
  const isFix = flags.fix === true || flags.fixAs !== undefined;
  const isWanted = isFix || flags.output !== 'table';
  const form = flags.fixAs ?? 'networkpolicy';
  const fix = isWanted ? fixFor({ judged, assumed, ends, ports, way, form }) : undefined;
  if (isStructured(flags.output)) {
    context.print(structuredText(fix === undefined ? explanation : { ...explanation, fix }, flags.output));
  } else if (isFix) {
    context.print(fixText(explanation, fix));
  } else {
    context.print(explanationText(explanation, { isColoured: isColoured(terminal, context.env) }));
    if (ports.some(({ shown }) => shown?.kind === 'denied')) {
      context.print('\n--fix prints the smallest rule that would allow it.\n');
    }
  }
}

function listReach(run: ExplainRun, text: string): ExitCodeName {
  const { flags, context, judged } = run;
  const direction: ReachQuestion['direction'] = flags.whoCanReach === undefined ? 'whatCan' : 'whoCanReach';
  const end = endOf(run, text);
  const ports = flags.port === undefined ? undefined : parsedPorts(flags.port);
  if (typeof end === 'string') {
    return fail(run, printable(end), 'usage');
  }
  if (typeof ports === 'string') {
    return fail(run, printable(ports), 'usage');
  }
  const source = direction === 'whatCan' ? asSource(end) : end;
  const list = reachListOf(judged, { direction, end: source, ports });
  context.print(
    isStructured(flags.output)
      ? structuredText(list, flags.output)
      : reachListText(list, { isColoured: isColoured(run.terminal, context.env) }),
  );
  return exitFor(
    run,
    list.items.flatMap((item) => VERDICTS.filter((kind) => item[kind].length > 0)),
  );
}

function exitFor({ flags }: ExplainRun, kinds: readonly VerdictKind[]): ExitCodeName {
  return kinds.some((kind) => flags.failOn?.includes(kind) === true) ? 'found' : 'ok';
}

/** The end, or what is wrong with it. */
function endOf({ judged, dns }: ExplainRun, text: string): KnownEnd | string {
  const end = askedEnd(text, judged.read.defaultNamespace);
  if (end === undefined) {
    return `"${text}" is no end; write ns/pod, deploy/web, ns/deploy/web, svc/web, ns/app=web, an address, internet, apiserver or dns`;
  }
  const known = knownEnd(judged.compiled, end, { asked: text, dns });
  return known.ok ? known.value : known.error;
}

function portsOf({ flags }: ExplainRun, to: KnownEnd | undefined): readonly AskedPort[] | string {
  if (flags.port !== undefined) {
    return parsedPorts(flags.port);
  }
  if (to?.ports.length === 0 && flags.service === undefined) {
    return `${to.title} declares no port: add --port, such as --port 8080/tcp`;
  }
  return to?.ports ?? [];
}

function parsedPorts(texts: readonly string[]): readonly AskedPort[] | string {
  const all = texts.flatMap((text) => text.split(','));
  const ports = all.map(askedPort);
  const wrong = all.find((_, at) => ports[at] === undefined);
  return wrong === undefined
    ? ports.filter((port) => port !== undefined)
    : `"${wrong}" is no port; write 8080/tcp, 53/udp, or the name of a container port`;
}

/** With `--service`: the Service as the destination, of which only the pods of TO count. */
function throughService(
  { flags, judged }: ExplainRun,
  to: KnownEnd,
  ports: readonly AskedPort[],
): { readonly to: KnownEnd; readonly ports: readonly AskedPort[]; readonly way: Way } | string {
  if (flags.service === undefined) {
    return { to, ports, way: {} };
  }
  const namespace = to.pods[0]?.namespace ?? judged.read.defaultNamespace;
  const service = judged.compiled.cluster.services.find(
    (one) => one.namespace === namespace && one.name === flags.service,
  );
  if (service === undefined) {
    return `there is no Service ${flags.service} in namespace ${namespace}`;
  }
  const behind = new Set(podsBehind(judged.compiled, service));
  const pods = to.pods.filter((pod) => behind.has(pod));
  if (pods.length === 0) {
    return `no pod of ${to.title} is behind Service ${namespace}/${flags.service}`;
  }
  return {
    to: {
      ...to,
      title: `${to.title} through Service ${namespace}/${flags.service}`,
      endpoints: [{ kind: 'service', namespace, name: flags.service }],
    },
    ports: flags.port === undefined ? service.ports.map(({ protocol, port }) => ({ protocol, port })) : ports,
    way: { onlyTo: new Set(pods.map((pod) => `${pod.namespace}/${pod.name}`)) },
  };
}
