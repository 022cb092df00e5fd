import { z } from 'zod';
import { ALWAYS_EXCLUDED_NAMESPACES, DEFAULT_EXCLUDED_NAMESPACES } from '../api/names.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../telemetry/log.ts';
import { durationSchema } from './duration.ts';
import { listenAddressSchema } from './listen-address.ts';

/** How an option is called, and what people read of it. */
export interface OptionDescription {
  /** With the name of its value, such as `--workers <number>`. */
  readonly flag: `--${string} <${string}>`;
  readonly env: `NSBASELINE_${string}`;
  readonly description: string;
  /** As it would be written on the command line; absent when there is none or when it depends on where we run. */
  readonly default?: string;
  /** Said in place of a default that depends on where we run. */
  readonly defaultNote?: string;
  /** What can be written, for shell completion and messages. */
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
const pathSchema = z.string().min(1, 'write the path of a file').max(4_096, 'write a path of at most 4096 characters');

/**
 * The one description of what `nsbaseline run` can be told. Every value arrives as the text that was written; what
 * comes out is what the operator uses. Flags, environment, help, completion and docs/configuration.md are made from it.
 */
export const runOptionsSchema = z
  .strictObject({
    kubeconfig: pathSchema.optional().register(registry, {
      flag: '--kubeconfig <path>',
      env: 'NSBASELINE_KUBECONFIG',
      description: 'The kubeconfig to use.',
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
        description: 'The context of the kubeconfig to use.',
        defaultNote: 'the current context of the kubeconfig',
      }),
    operatorNamespace: namespaceSchema.register(registry, {
      flag: '--operator-namespace <name>',
      env: 'NSBASELINE_OPERATOR_NAMESPACE',
      description: 'The namespace the operator runs in. It is never selected, and holds the lease.',
      defaultNote: '$POD_NAMESPACE, else that of the service account, else nsbaseline-system',
    }),
    excludeNamespaces: listOf(globSchema, { atMost: 64 }).register(registry, {
      flag: '--exclude-namespaces <globs>',
      env: 'NSBASELINE_EXCLUDE_NAMESPACES',
      description: `Namespaces that no BaselinePolicy selects, in addition to ${ALWAYS_EXCLUDED_NAMESPACES.join(', ')} and the operator's own, which are always excluded. * stands for any characters. This replaces the default list.`,
      default: DEFAULT_EXCLUDED_NAMESPACES.join(','),
      isList: true,
    }),
    dnsNamespaces: listOf(namespaceSchema, { atMost: 16, atLeast: 1 }).register(registry, {
      flag: '--dns-namespaces <names>',
      env: 'NSBASELINE_DNS_NAMESPACES',
      description:
        "The namespaces in which the cluster's DNS Service is looked for. The operator needs to read Services and EndpointSlices there.",
      default: 'kube-system',
      isList: true,
    }),
    resolvConf: pathSchema.register(registry, {
      flag: '--resolv-conf <path>',
      env: 'NSBASELINE_RESOLV_CONF',
      description: 'The file that names the resolver of pods. It is read only when the operator runs in a pod.',
      default: '/etc/resolv.conf',
      isFile: true,
    }),
    listen: listenAddressSchema.register(registry, {
      flag: '--listen <address>',
      env: 'NSBASELINE_LISTEN',
      description:
        'Where /metrics, /livez and /readyz are served, as host:port. Without a host: on every address. Port 0: any free port, which the log then names.',
      default: ':8080',
    }),
    logLevel: z.enum(LOG_LEVELS, `write one of ${LOG_LEVELS.join(', ')}`).register(registry, {
      flag: '--log-level <level>',
      env: 'NSBASELINE_LOG_LEVEL',
      description: 'How much is logged. SIGUSR2 switches to debug and back while running.',
      default: 'info',
      choices: LOG_LEVELS,
    }),
    logFormat: z.enum(LOG_FORMATS, `write one of ${LOG_FORMATS.join(', ')}`).register(registry, {
      flag: '--log-format <format>',
      env: 'NSBASELINE_LOG_FORMAT',
      description: 'What log lines look like. auto is pretty on a terminal and json elsewhere.',
      default: 'auto',
      choices: LOG_FORMATS,
    }),
    workers: wholeNumber({ atLeast: 1, atMost: 1024 }).register(registry, {
      flag: '--workers <number>',
      env: 'NSBASELINE_WORKERS',
      description: 'How many namespaces are worked on at once.',
      default: '64',
    }),
    maxInFlight: wholeNumber({ atLeast: 1, atMost: 1024 }).register(registry, {
      flag: '--max-in-flight <number>',
      env: 'NSBASELINE_MAX_IN_FLIGHT',
      description: 'How many requests to the API server are under way at once, watches aside.',
      default: '64',
    }),
    requestTimeoutMs: durationSchema({ atLeast: '100ms', atMost: '60s' }).register(registry, {
      flag: '--request-timeout <duration>',
      env: 'NSBASELINE_REQUEST_TIMEOUT',
      description: 'How long one request to the API server may take.',
      default: '10s',
    }),
    watchSilenceLimitMs: durationSchema({ atLeast: '5s', atMost: '10m' }).register(registry, {
      flag: '--watch-silence-limit <duration>',
      env: 'NSBASELINE_WATCH_SILENCE_LIMIT',
      description:
        'A watch that brings nothing for so long is begun anew. The API server sends a bookmark about once a minute.',
      default: '70s',
    }),
    leaderElect: z.enum(['true', 'false'], 'write true or false').register(registry, {
      flag: '--leader-elect <boolean>',
      env: 'NSBASELINE_LEADER_ELECT',
      description: 'Whether replicas agree by a Lease on the one that writes. Without it, only one may run.',
      default: 'true',
      choices: ['true', 'false'],
    }),
    leaseDurationMs: durationSchema({ atLeast: '1s', atMost: '10m' }).register(registry, {
      flag: '--lease-duration <duration>',
      env: 'NSBASELINE_LEASE_DURATION',
      description: 'How long a leader that was not heard of is still taken for the leader, in whole seconds.',
      default: '15s',
    }),
    renewDeadlineMs: durationSchema({ atLeast: '500ms', atMost: '10m' }).register(registry, {
      flag: '--renew-deadline <duration>',
      env: 'NSBASELINE_RENEW_DEADLINE',
      description: 'After how long without a renewal the leader stops writing. Shorter than the lease duration.',
      default: '10s',
    }),
    retryPeriodMs: durationSchema({ atLeast: '100ms', atMost: '1m' }).register(registry, {
      flag: '--retry-period <duration>',
      env: 'NSBASELINE_RETRY_PERIOD',
      description: 'How often the lease is renewed, or asked for. Shorter than the renew deadline.',
      default: '2s',
    }),
    standInAfterMs: durationSchema({ atLeast: '0s', atMost: '1m' }).register(registry, {
      flag: '--stand-in-after <duration>',
      env: 'NSBASELINE_STAND_IN_AFTER',
      description:
        'A standby creates the policies that a namespace has lacked for so long while the leader, of the same version, was silent. 0s: never.',
      default: '1s',
    }),
    removalLimit: wholeNumber({ atLeast: 0, atMost: 1_000_000 }).register(registry, {
      flag: '--removal-limit <number>',
      env: 'NSBASELINE_REMOVAL_LIMIT',
      description:
        'So many directions of namespaces may lose their default-deny within ten minutes without a confirmation, or the share below if that is more.',
      default: '5',
    }),
    removalLimitPercent: wholeNumber({ atLeast: 0, atMost: 100 }).register(registry, {
      flag: '--removal-limit-percent <number>',
      env: 'NSBASELINE_REMOVAL_LIMIT_PERCENT',
      description: 'The same as a share of the isolated namespaces, in percent.',
      default: '10',
    }),
    isolationLimit: wholeNumber({ atLeast: 0, atMost: 1_000_000 }).register(registry, {
      flag: '--isolation-limit <number>',
      env: 'NSBASELINE_ISOLATION_LIMIT',
      description:
        'So many namespaces may be newly isolated by one new or edited BaselinePolicy without a confirmation, or the share below if that is more. Namespaces that opted in by label do not count.',
      default: '20',
    }),
    isolationLimitPercent: wholeNumber({ atLeast: 0, atMost: 100 }).register(registry, {
      flag: '--isolation-limit-percent <number>',
      env: 'NSBASELINE_ISOLATION_LIMIT_PERCENT',
      description: 'The same as a share of all namespaces, in percent.',
      default: '10',
    }),
    startupTimeoutMs: durationSchema({ atLeast: '100ms', atMost: '10m' }).register(registry, {
      flag: '--startup-timeout <duration>',
      env: 'NSBASELINE_STARTUP_TIMEOUT',
      description:
        'How long the API server may be out of reach at the start before the process ends. Permissions and custom resources that are missing are waited for without end.',
      default: '30s',
    }),
    shutdownTimeoutMs: durationSchema({ atLeast: '1s', atMost: '10m' }).register(registry, {
      flag: '--shutdown-timeout <duration>',
      env: 'NSBASELINE_SHUTDOWN_TIMEOUT',
      description:
        "How long the work in hand may take after SIGTERM, before the process ends regardless. Keep it below the pod's terminationGracePeriodSeconds.",
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

/** What `nsbaseline run` was told, checked, with every default filled in. */
export type RunOptions = Readonly<z.output<typeof runOptionsSchema>>;

/** The key of an option in {@link RunOptions}. */
export type RunOptionKey = keyof typeof runOptionsSchema.shape;

/** The options in the order in which people read them. */
export const RUN_OPTION_KEYS = Object.keys(runOptionsSchema.shape) as RunOptionKey[];

/** How an option is called, and what people read of it. */
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
