import { isIP } from 'node:net';
import { z } from 'zod';
import { ALWAYS_EXCLUDED_NAMESPACES, DEFAULT_EXCLUDED_NAMESPACES } from '../api/names.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../telemetry/log.ts';
import { durationSchema } from './duration.ts';
import { listenAddressSchema } from './listen-address.ts';

/** The names of an option and its description. */
export interface OptionDescription {
  /** With the name of its value, such as `--workers <number>`. */
  readonly flag: `--${string} <${string}>`;
  readonly env: `NSBASELINE_${string}`;
  readonly description: string;
  /** The default, as written on the command line; absent if there is none or if it depends on the environment. */
  readonly default?: string;
  /** Describes a default that depends on the environment. */
  readonly defaultNote?: string;
  /** The allowed values, for shell completion and messages. */
  readonly choices?: readonly string[];
  /** The value is a list, separated by commas; the flag can be repeated. */
  readonly isList?: boolean;
  /** The value is a file, for shell completion. */
  readonly isFile?: boolean;
}

const registry = z.registry<OptionDescription>();
const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const namespaceSchema = z
  .string()
  .regex(
    new RegExp(`^${LABEL}$`),
    'write the name of a namespace: lower-case letters, digits and "-", at most 63 characters',
  );
const globSchema = z
  .string()
  .regex(
    /^[a-z0-9*]([a-z0-9*-]{0,61}[a-z0-9*])?$/,
    'write names of namespaces (lower-case letters, digits and "-") in which * stands for any characters, such as openshift-*',
  );
/** An IP address. */
const addressSchema = z
  .string()
  .refine((text) => isIP(text) !== 0, 'write an IP address, such as 169.254.20.10 or fd00::a');
const pathSchema = z.string().min(1, 'write the path of a file').max(4_096, 'write a path of at most 4096 characters');

/**
 * The options of `nsbaseline run`, described once. The input of each is text; the output is the value that the operator
 * uses. Flags, environment variables, help, completion and docs/configuration.md are made from it.
 */
export const runOptionsSchema = z
  .strictObject({
    kubeconfig: pathSchema.optional().register(registry, {
      flag: '--kubeconfig <path>',
      env: 'NSBASELINE_KUBECONFIG',
      description: 'The kubeconfig file.',
      defaultNote: '$KUBECONFIG, else the service account of the pod, else ~/.kube/config',
      isFile: true,
    }),
    context: z
      .string()
      .min(1, 'write the name of a context of the kubeconfig')
      .max(253, 'write the name of a context, at most 253 characters')
      .optional()
      .register(registry, {
        flag: '--context <name>',
        env: 'NSBASELINE_CONTEXT',
        description: 'The context in the kubeconfig.',
        defaultNote: 'the current context of the kubeconfig',
      }),
    operatorNamespace: namespaceSchema.register(registry, {
      flag: '--operator-namespace <name>',
      env: 'NSBASELINE_OPERATOR_NAMESPACE',
      description: 'The namespace in which the operator runs. It holds the Lease and is never selected.',
      defaultNote: '$POD_NAMESPACE, else that of the service account, else nsbaseline-system',
    }),
    excludeNamespaces: listOf(globSchema, { atMost: 64 }).register(registry, {
      flag: '--exclude-namespaces <globs>',
      env: 'NSBASELINE_EXCLUDE_NAMESPACES',
      description: `Namespaces that no BaselinePolicy selects. * stands for any characters. The list replaces the default one; ${ALWAYS_EXCLUDED_NAMESPACES.join(', ')} and the operator's own namespace are always excluded.`,
      default: DEFAULT_EXCLUDED_NAMESPACES.join(','),
      isList: true,
    }),
    dnsNamespaces: listOf(namespaceSchema, { atMost: 16, atLeast: 1 }).register(registry, {
      flag: '--dns-namespaces <names>',
      env: 'NSBASELINE_DNS_NAMESPACES',
      description:
        "The namespaces in which the operator looks for the cluster's DNS Service. It needs permission to read Services and EndpointSlices there.",
      default: 'kube-system',
      isList: true,
    }),
    resolvConf: pathSchema.register(registry, {
      flag: '--resolv-conf <path>',
      env: 'NSBASELINE_RESOLV_CONF',
      description: 'The file that names the DNS resolver of pods. The operator reads it only when it runs in a pod.',
      default: '/etc/resolv.conf',
      isFile: true,
    }),
    dnsAlso: listOf(addressSchema, { atMost: 16, atLeast: 0 }).register(registry, {
      flag: '--dns-also <addresses>',
      env: 'NSBASELINE_DNS_ALSO',
      description:
        'Addresses of further DNS resolvers that every allow-dns lets pods query, beside those that are found, such as a resolver on the nodes of one node pool.',
      default: '',
      isList: true,
    }),
    dnsCheck: z.enum(['true', 'false'], 'write true or false').register(registry, {
      flag: '--dns-check <boolean>',
      env: 'NSBASELINE_DNS_CHECK',
      description:
        'Whether the operator queries the DNS resolvers that it has found, every minute over UDP and TCP. It does so only when it runs in a pod. Where it does not, ready endpoints decide whether they are believed.',
      default: 'true',
      choices: ['true', 'false'],
    }),
    listen: listenAddressSchema.register(registry, {
      flag: '--listen <address>',
      env: 'NSBASELINE_LISTEN',
      description:
        'The address of /metrics, /livez and /readyz, as host:port. Without a host: every address. Port 0: a free port, which the log names.',
      default: ':8080',
    }),
    logLevel: z.enum(LOG_LEVELS, `write one of ${LOG_LEVELS.join(', ')}`).register(registry, {
      flag: '--log-level <level>',
      env: 'NSBASELINE_LOG_LEVEL',
      description: 'The lowest level that is logged. SIGUSR2 switches to debug and back while running.',
      default: 'info',
      choices: LOG_LEVELS,
    }),
    logFormat: z.enum(LOG_FORMATS, `write one of ${LOG_FORMATS.join(', ')}`).register(registry, {
      flag: '--log-format <format>',
      env: 'NSBASELINE_LOG_FORMAT',
      description: 'The format of log lines. auto is pretty on a terminal and json elsewhere.',
      default: 'auto',
      choices: LOG_FORMATS,
    }),
    workers: wholeNumber({ atLeast: 1, atMost: 1024 }).register(registry, {
      flag: '--workers <number>',
      env: 'NSBASELINE_WORKERS',
      description: 'The number of namespaces that are reconciled at the same time.',
      default: '64',
    }),
    maxInFlight: wholeNumber({ atLeast: 1, atMost: 1024 }).register(registry, {
      flag: '--max-in-flight <number>',
      env: 'NSBASELINE_MAX_IN_FLIGHT',
      description: 'The largest number of requests to the API server in flight, not counting watches.',
      default: '64',
    }),
    requestTimeoutMs: durationSchema({ atLeast: '100ms', atMost: '60s' }).register(registry, {
      flag: '--request-timeout <duration>',
      env: 'NSBASELINE_REQUEST_TIMEOUT',
      description: 'The time limit of one request to the API server.',
      default: '10s',
    }),
    watchSilenceLimitMs: durationSchema({ atLeast: '5s', atMost: '10m' }).register(registry, {
      flag: '--watch-silence-limit <duration>',
      env: 'NSBASELINE_WATCH_SILENCE_LIMIT',
      description:
        'A watch that delivers nothing for this long is restarted. The API server sends a bookmark about once a minute.',
      default: '70s',
    }),
    leaderElect: z.enum(['true', 'false'], 'write true or false').register(registry, {
      flag: '--leader-elect <boolean>',
      env: 'NSBASELINE_LEADER_ELECT',
      description: 'Whether replicas elect a leader, which alone writes, by a Lease. If false, run only one replica.',
      default: 'true',
      choices: ['true', 'false'],
    }),
    leaseDurationMs: durationSchema({ atLeast: '1s', atMost: '10m' }).register(registry, {
      flag: '--lease-duration <duration>',
      env: 'NSBASELINE_LEASE_DURATION',
      description: 'How long a standby waits after the last renewal before it takes over the Lease, in whole seconds.',
      default: '15s',
    }),
    renewDeadlineMs: durationSchema({ atLeast: '500ms', atMost: '10m' }).register(registry, {
      flag: '--renew-deadline <duration>',
      env: 'NSBASELINE_RENEW_DEADLINE',
      description: 'How long the leader keeps writing after its last renewal. Must be shorter than the lease duration.',
      default: '10s',
    }),
    retryPeriodMs: durationSchema({ atLeast: '100ms', atMost: '1m' }).register(registry, {
      flag: '--retry-period <duration>',
      env: 'NSBASELINE_RETRY_PERIOD',
      description: 'The pause between attempts to renew or acquire the Lease. At most half the renew deadline.',
      default: '2s',
    }),
    standInAfterMs: durationSchema({ atLeast: '0s', atMost: '1m' }).register(registry, {
      flag: '--stand-in-after <duration>',
      env: 'NSBASELINE_STAND_IN_AFTER',
      description:
        'A standby creates missing policies of a namespace when the leader, of the same version, has been silent for this long. 0s: never.',
      default: '1s',
    }),
    removalLimit: wholeNumber({ atLeast: 0, atMost: 1_000_000 }).register(registry, {
      flag: '--removal-limit <number>',
      env: 'NSBASELINE_REMOVAL_LIMIT',
      description:
        'How many namespace directions (ingress and egress count separately) may lose their default-deny within ten minutes before approval is required. The larger of this and --removal-limit-percent applies.',
      default: '5',
    }),
    removalLimitPercent: wholeNumber({ atLeast: 0, atMost: 100 }).register(registry, {
      flag: '--removal-limit-percent <number>',
      env: 'NSBASELINE_REMOVAL_LIMIT_PERCENT',
      description: 'The same limit as a share of the isolated namespaces, in percent.',
      default: '10',
    }),
    isolationLimit: wholeNumber({ atLeast: 0, atMost: 1_000_000 }).register(registry, {
      flag: '--isolation-limit <number>',
      env: 'NSBASELINE_ISOLATION_LIMIT',
      description:
        'How many namespaces one new or edited BaselinePolicy may newly isolate before approval is required. The larger of this and --isolation-limit-percent applies. Namespaces that opted in by label do not count.',
      default: '20',
    }),
    isolationLimitPercent: wholeNumber({ atLeast: 0, atMost: 100 }).register(registry, {
      flag: '--isolation-limit-percent <number>',
      env: 'NSBASELINE_ISOLATION_LIMIT_PERCENT',
      description: 'The same limit as a share of all namespaces, in percent.',
      default: '10',
    }),
    startupTimeoutMs: durationSchema({ atLeast: '100ms', atMost: '10m' }).register(registry, {
      flag: '--startup-timeout <duration>',
      env: 'NSBASELINE_STARTUP_TIMEOUT',
      description:
        'How long the operator waits at startup for an unreachable API server before it exits. For missing permissions and custom resources it waits without a limit.',
      default: '30s',
    }),
    shutdownTimeoutMs: durationSchema({ atLeast: '1s', atMost: '10m' }).register(registry, {
      flag: '--shutdown-timeout <duration>',
      env: 'NSBASELINE_SHUTDOWN_TIMEOUT',
      description:
        "How long work in progress may take after SIGTERM before the process exits anyway. Keep it below the pod's terminationGracePeriodSeconds.",
      default: '25s',
    }),
  })
  .superRefine((options, context) => {
    const tooLong = (key: 'renewDeadlineMs' | 'retryPeriodMs', message: string): void => {
      context.addIssue({ code: 'custom', path: [key], message });
    };
    if (options.renewDeadlineMs >= options.leaseDurationMs) {
      tooLong('renewDeadlineMs', 'write less than the lease duration');
    }
    if (options.retryPeriodMs * 2 > options.renewDeadlineMs) {
      tooLong('retryPeriodMs', 'write at most half the renew deadline');
    }
  });

/** The checked options of `nsbaseline run`, with every default filled in. */
export type RunOptions = Readonly<z.output<typeof runOptionsSchema>>;

/** The key of an option in {@link RunOptions}. */
export type RunOptionKey = keyof typeof runOptionsSchema.shape;

/** The options in the order of the help and the docs. */
export const RUN_OPTION_KEYS = Object.keys(runOptionsSchema.shape) as RunOptionKey[];

/** The names of an option and its description. */
export function descriptionOf(key: RunOptionKey): OptionDescription {
  const description = registry.get(runOptionsSchema.shape[key]);
  if (description === undefined) {
    throw new Error(`the option ${key} has no description`);
  }
  return description;
}

/** The flag without its value: `--workers`. */
export function flagOf(key: RunOptionKey): string {
  return descriptionOf(key).flag.replace(/ .*/, '');
}

function wholeNumber({ atLeast, atMost }: { readonly atLeast: number; readonly atMost: number }) {
  const message = `write a whole number from ${atLeast} to ${atMost}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { message, abort: true })
    .transform(Number)
    .pipe(z.int().min(atLeast, message).max(atMost, message));
}

function listOf(item: z.ZodString, { atLeast = 0, atMost }: { readonly atLeast?: number; readonly atMost: number }) {
  const items = z
    .array(item)
    .min(atLeast, `write at least ${atLeast}`)
    .max(atMost, `write at most ${atMost}, separated by commas`);
  return z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(items);
}
