import { describe, expect, test } from 'vitest';
import { lintSchema } from '../../../../src/cli/commands/lint/lint-schema.ts';
import { outcomeOf } from '../command-line.ts';
import { runOn, SHOP } from './shop.ts';

/** The shop with its documentation missing, and one rule that names the port of the Service. */
const WITH_SERVICE_PORT = SHOP.replace('ports: [{port: 5433}]', 'ports: [{port: 5432}]');

async function reportOn(text: string, ...words: readonly string[]) {
  const { printed, code } = await runOn(text, 'lint', '-o', 'json', ...words);
  return { code, report: lintSchema.parse(JSON.parse(printed)) };
}

describe('lint', () => {
  test('says where, what and what to write instead, and fails for an error', async () => {
    const { printed, code } = await runOn(WITH_SERVICE_PORT, 'lint', '--only', 'service-port');
    expect(printed).toBe(
      'shop.yaml:50: NetworkPolicy shop/db-from-api spec.ingress[0].ports[0].port: error: 5432 is the port of Service db; its pods listen on sql, and a NetworkPolicy is about the port of the pod [service-port]\n' +
        '    write sql\n' +
        '\n' +
        '1 error.\n',
    );
    expect(code).toBe(5);
  });

  test('has a documented form for programs', async () => {
    const { report, code } = await reportOn(SHOP);
    expect(report.findings.map(({ code: found, line, object }) => `${found} ${line} ${object?.name}`)).toEqual([
      'undocumented 30 default-deny',
      'undocumented 35 allow-dns',
      'dns-udp-only 39 allow-dns',
      'undocumented 47 db-from-api',
      'peer-nobody 50 db-from-api',
    ]);
    expect(report.reading.mode).toBe('files');
    expect(code).toBe(0);
  });

  test.each([
    ['never', 0],
    ['error', 0],
    ['warning', 5],
    ['note', 5],
  ])('--fail-on %s ends with %i where warnings and notes are found', async (severity, expected) => {
    expect((await runOn(SHOP, 'lint', '--fail-on', severity)).code).toBe(expected);
  });

  test('a comment turns findings off for its document, and is counted; one without a reason is a finding', async () => {
    const quiet = SHOP.replace(
      'metadata: {name: allow-dns',
      '# nsbaseline-lint-disable dns-udp-only: UDP is enough\nmetadata: {name: allow-dns',
    );
    const { report } = await reportOn(quiet, '--skip', 'undocumented,peer-nobody');
    expect(report).toMatchObject({ findings: [], suppressed: 1 });
    const bare = await reportOn(quiet.replace(': UDP is enough', ''), '--skip', 'undocumented,peer-nobody');
    expect(bare.report.findings.map(({ code }) => code).sort()).toEqual(['dns-udp-only', 'suppression']);
    expect(bare.report.suppressed).toBe(0);
  });

  test('-n is for one namespace', async () => {
    expect((await reportOn(SHOP, '-n', 'shop')).report.findings).toHaveLength(5);
    expect((await reportOn(SHOP, '-n', 'other')).report.findings).toEqual([]);
  });

  test('SARIF names every rule, and the place of every finding', async () => {
    const { printed } = await runOn(WITH_SERVICE_PORT, 'lint', '-o', 'sarif', '--only', 'service-port');
    expect(JSON.parse(printed)).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'nsbaseline' } },
          results: [
            {
              ruleId: 'service-port',
              level: 'error',
              locations: [{ physicalLocation: { artifactLocation: { uri: 'shop.yaml' }, region: { startLine: 50 } } }],
            },
          ],
        },
      ],
    });
  });

  test('the annotations of GitHub and the XML of Checkstyle cannot be broken out of', async () => {
    const hostile = SHOP.replaceAll('name: db-from-api', 'name: "a::error::b<script>&\\r\\n\\"x\\""');
    const github = await runOn(hostile, 'lint', '-o', 'github');
    expect(
      github.printed
        .trimEnd()
        .split('\n')
        .every((line) => /^::(?:error|warning|notice) file=shop\.yaml,line=\d+,title=[a-z-]+::/.test(line)),
    ).toBe(true);
    const xml = (await runOn(hostile, 'lint', '-o', 'checkstyle')).printed;
    expect(xml).toContain('b&lt;script&gt;&amp;');
    expect(xml).not.toContain('<script>');
  });

  test('a file that is no YAML is a problem with its line, and nothing is found in half of it', async () => {
    const { code, complaint, printed } = await runOn('kind: [', 'lint');
    expect(complaint).toMatch(/shop\.yaml:1: /);
    expect(printed).toBe('');
    expect(code).toBe(2);
  });

  test('--list names the codes, and an unknown one is refused', async () => {
    const listed = await outcomeOf(['lint', '--list']);
    expect(listed.printed).toMatch(/^CODE +SEVERITY +FINDS\n/);
    expect(listed.printed).toContain('service-port');
    expect((await runOn(SHOP, 'lint', '--only', 'no-such-code')).code).toBe(2);
  });
});
