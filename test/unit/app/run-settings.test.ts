import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_EXCLUDED_NAMESPACES } from '../../../src/api/names.ts';
import { descriptionOf, RUN_OPTION_KEYS, type RunOptionKey, type RunOptions } from '../../../src/app/run-options.ts';
import { type RunSettings, runOptionsFor } from '../../../src/app/run-settings.ts';
import { configurationPage } from '../../../src/generate/configuration-page.ts';

function optionsFor(settings: Partial<RunSettings> = {}): RunOptions {
  const result = runOptionsFor({ flags: {}, env: {}, ...settings });
  if (!result.ok) {
    throw new Error(result.error.join('\n'));
  }
  return result.value;
}

function problemsFor(settings: Partial<RunSettings>): readonly string[] {
  const result = runOptionsFor({ flags: {}, env: {}, ...settings });
  return result.ok ? [] : result.error;
}

test('docs/configuration.md is made from the options', () => {
  expect(readFileSync(join(import.meta.dirname, '../../../docs/configuration.md'), 'utf8')).toBe(configurationPage());
});

describe('defaults', () => {
  test('are all there, and pass their own checks', () => {
    expect(optionsFor()).toEqual({
      operatorNamespace: 'nsbaseline-system',
      excludeNamespaces: [...DEFAULT_EXCLUDED_NAMESPACES],
      dnsNamespaces: ['kube-system'],
      resolvConf: '/etc/resolv.conf',
      dnsAlso: [],
      dnsCheck: 'true',
      listen: { port: 8080 },
      logLevel: 'info',
      logFormat: 'auto',
      workers: 64,
      maxInFlight: 64,
      requestTimeoutMs: 10_000,
      leaderElect: 'true',
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2_000,
      standInAfterMs: 1_000,
      watchSilenceLimitMs: 70_000,
      removalLimit: 5,
      removalLimitPercent: 10,
      isolationLimit: 20,
      isolationLimitPercent: 10,
      startupTimeoutMs: 30_000,
      shutdownTimeoutMs: 25_000,
    });
  });

  test("the operator's namespace is the flag, else its variable, else POD_NAMESPACE, else that of the service account", () => {
    const all: RunSettings = {
      flags: { operatorNamespace: 'a' },
      env: { NSBASELINE_OPERATOR_NAMESPACE: 'b', POD_NAMESPACE: 'c' },
      serviceAccountNamespace: 'd',
    };
    expect(optionsFor(all).operatorNamespace).toBe('a');
    expect(optionsFor({ ...all, flags: {} }).operatorNamespace).toBe('b');
    expect(optionsFor({ ...all, flags: {}, env: { POD_NAMESPACE: 'c' } }).operatorNamespace).toBe('c');
    expect(optionsFor({ ...all, flags: {}, env: {} }).operatorNamespace).toBe('d');
  });
});

describe('what is written', () => {
  test('as a flag goes before its variable, and that before the default', () => {
    const env = { NSBASELINE_WORKERS: '3' };
    expect(optionsFor({ flags: { workers: '2' }, env }).workers).toBe(2);
    expect(optionsFor({ env }).workers).toBe(3);
  });

  test('as an empty variable counts as not set, as an empty flag does not', () => {
    expect(optionsFor({ env: { NSBASELINE_WORKERS: '', NSBASELINE_KUBECONFIG: '' } })).toMatchObject({ workers: 64 });
    expect(optionsFor({ flags: { excludeNamespaces: '' } }).excludeNamespaces).toEqual([]);
    expect(problemsFor({ flags: { workers: '' } })).toHaveLength(1);
  });

  test.each<[RunOptionKey, string, unknown]>([
    ['excludeNamespaces', ' a-*, no ,y,1e3 ', ['a-*', 'no', 'y', '1e3']],
    ['dnsNamespaces', 'kube-system,openshift-dns', ['kube-system', 'openshift-dns']],
    ['listen', '127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['listen', '[::1]:9090', { host: '::1', port: 9090 }],
    ['listen', 'localhost:65535', { host: 'localhost', port: 65_535 }],
    ['requestTimeoutMs', '1500ms', 1_500],
    ['requestTimeoutMs', '1.5s', 1_500],
    ['watchSilenceLimitMs', '2m', 120_000],
    ['logLevel', 'debug', 'debug'],
    ['maxInFlight', '0008', 8],
  ])('%s %j is understood', (key, text, value) => {
    expect(optionsFor({ flags: { [key]: text } })[key]).toEqual(value);
  });
});

describe('every problem names where it is and what to write', () => {
  test('all of them at once, flags and variables alike, in the order of the help', () => {
    expect(problemsFor({ flags: { workers: 'zero', logLevel: 'loud' }, env: { NSBASELINE_LISTEN: '8080' } })).toEqual([
      'NSBASELINE_LISTEN "8080": write host:port, such as :8080, 127.0.0.1:8080 or [::1]:8080 (port 0 to 65535, 0 for any free one)',
      '--log-level "loud": write one of debug, info, warn, error',
      '--workers "zero": write a whole number from 1 to 1024',
    ]);
  });

  test.each<[RunOptionKey, string]>([
    ['workers', '0'],
    ['workers', '1025'],
    ['workers', '1.5'],
    ['workers', '1e2'],
    ['workers', '-1'],
    ['workers', ' 1'],
    ['requestTimeoutMs', '10'],
    ['requestTimeoutMs', '99ms'],
    ['requestTimeoutMs', '61s'],
    ['requestTimeoutMs', '1m 1s'],
    ['requestTimeoutMs', '-1s'],
    ['listen', '127.0.0.1'],
    ['listen', ':65536'],
    ['listen', '::1:80'],
    ['listen', 'http://x:80'],
    ['excludeNamespaces', 'Team-A'],
    ['excludeNamespaces', 'a/b'],
    ['excludeNamespaces', Array.from({ length: 65 }, () => 'a').join(',')],
    ['dnsNamespaces', ''],
    ['dnsNamespaces', 'kube-*'],
    ['operatorNamespace', 'x'.repeat(64)],
    ['operatorNamespace', '-x'],
    ['kubeconfig', ''],
    ['logFormat', 'JSON'],
  ])('%s %j', (key, text) => {
    const [problem, ...others] = problemsFor({ flags: { [key]: text } });
    expect(others).toEqual([]);
    expect(problem).toContain(`${descriptionOf(key).flag.replace(/ .*/, '')} "`);
    expect(problem).toMatch(/: write /);
  });

  test('a bad POD_NAMESPACE is named as what it is', () => {
    expect(problemsFor({ env: { POD_NAMESPACE: 'Not_A_Namespace' } })[0]).toMatch(
      /^POD_NAMESPACE "Not_A_Namespace": write the name of a namespace/,
    );
  });

  test('a very long value is cut, and control characters are shown as escapes', () => {
    const [problem = ''] = problemsFor({ flags: { workers: `\u001b[2J${'9'.repeat(10_000)}` } });
    expect(problem.length).toBeLessThan(200);
    expect(problem).not.toContain('\u001b');
  });
});

describe('a variable with our prefix', () => {
  test('that is not known is a problem, with the one that was meant', () => {
    expect(problemsFor({ env: { NSBASELINE_WROKERS: '3', NSBASELINE_COLOUR: 'x' } })).toEqual([
      'NSBASELINE_COLOUR: there is no such setting; run --help lists them',
      'NSBASELINE_WROKERS: there is no such setting, did you mean NSBASELINE_WORKERS?',
    ]);
  });

  test('that belongs to the build is none', () => {
    expect(problemsFor({ env: { NSBASELINE_CACHE: '/tmp/x' } })).toEqual([]);
  });

  test('that Kubernetes sets for a Service named nsbaseline-something is none', () => {
    const links = [
      'SERVICE_HOST',
      'SERVICE_PORT',
      'SERVICE_PORT_METRICS',
      'PORT',
      'PORT_8080_TCP',
      'PORT_8080_TCP_PROTO',
      'PORT_8080_TCP_PORT',
      'PORT_8080_TCP_ADDR',
    ];
    const env = Object.fromEntries(
      links.flatMap((link) => [
        [`NSBASELINE_${link}`, 'x'],
        [`NSBASELINE_METRICS_${link}`, 'x'],
      ]),
    );
    expect(problemsFor({ env })).toEqual([]);
  });

  test('never looks like one that Kubernetes sets for a Service', () => {
    const links = RUN_OPTION_KEYS.map((key) => descriptionOf(key).env).filter((name) =>
      /_(SERVICE_HOST|SERVICE_PORT|PORT)(_|$)/.test(name),
    );
    expect(links).toEqual([]);
  });
});

test('flags and variables are named after each other', () => {
  for (const key of RUN_OPTION_KEYS) {
    const { flag, env } = descriptionOf(key);
    expect(env).toBe(`NSBASELINE_${flag.replace(/ .*/, '').slice(2).toUpperCase().replaceAll('-', '_')}`);
  }
});
