import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { loadAll, YAML11_SCHEMA } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { validateBaselinePolicy } from '../../../../src/api/validation.ts';
import { success } from '../../../../src/base/result.ts';
import { defineRender } from '../../../../src/cli/commands/render/render.ts';
import type { Terminal } from '../../../../src/cli/frame/terminal.ts';
import { renderedParts } from '../../../../src/domain/rendering/rendering.ts';
import { VALID_POLICIES } from '../../../fixtures/policies/corpus.ts';
import { outcomeOf } from '../command-line.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'render-'));
});
afterAll(() => rm(folder, { recursive: true }));

const header = (name: string): string =>
  `apiVersion: nsbaseline.io/v1alpha1\nkind: BaselinePolicy\nmetadata: {name: ${name}}\n`;

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function render(text: string, ...flags: readonly string[]) {
  return outcomeOf(['render', '-f', await file('policy.yaml', text), ...flags]);
}

interface Rendered {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: unknown;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: unknown;
}

describe('render prints', () => {
  test.each(VALID_POLICIES)(
    'R2 byte for byte the specs of the operator: $title',
    async ({ name = 'standard', spec }) => {
      const { code, printed } = await render(
        JSON.stringify({ apiVersion: 'nsbaseline.io/v1alpha1', kind: 'BaselinePolicy', metadata: { name }, spec }),
        '-o',
        'json',
      );
      expect(code).toBe(0);
      const { items } = JSON.parse(printed) as { items: readonly Rendered[] };
      const verdict = validateBaselinePolicy(name, spec);
      const parts = verdict.ok ? renderedParts(name, verdict.spec, {}) : [];
      const printedSpecs = items.map(({ metadata, spec: own }) => `${metadata.name} ${JSON.stringify(own)}`);
      const writtenSpecs = parts.map((part) => `${part.name} ${JSON.stringify(part.spec)}`);
      expect(printedSpecs.toSorted()).toEqual(writtenSpecs.toSorted());
    },
  );

  test('R3 allow-dns first and default-deny last, so that applying them never leaves a pod without DNS', async () => {
    const spec = '{allow: {sameNamespace: {enabled: true}}, rules: [{name: web, ingress: [{}]}]}';
    const objects = loadAll((await render(`${header('standard')}spec: ${spec}\n`)).printed) as readonly Rendered[];
    const parts = objects.map(({ metadata }) => metadata.name.slice('standard.'.length));
    expect(parts).toHaveLength(5);
    expect([parts.at(0), parts.at(-1)]).toEqual(['allow-dns', 'default-deny']);
  });

  test('R17 a note for each rule that opens a direction for everyone, unless it is acknowledged', async () => {
    const rules = 'rules: [{name: proxies, ingress: [{}]}]';
    const open = await render(`${header('own')}spec: {${rules}}\n`);
    expect(open).toMatchObject({ code: 0 });
    expect(open.complaint).toContain('note: BaselinePolicy own: rule proxies allows every source on every port');
    const meant = await render(`${header('own')}spec: {${rules}, acknowledge: [proxies]}\n`);
    expect(meant.complaint).not.toContain('proxies');
  });

  test('R5 copies that are foreign: no uid of a policy, no namespace unless one is given', async () => {
    const { printed } = await render(`${header('standard')}spec: {}\n`);
    const objects = loadAll(printed) as readonly Rendered[];
    expect(objects).toHaveLength(3);
    for (const { metadata } of objects) {
      expect(Object.keys(metadata)).toEqual(['name', 'labels', 'annotations']);
    }
    for (const { metadata } of objects) {
      expect(Object.keys(metadata.annotations)).toEqual(['nsbaseline.io/purpose']);
      expect(metadata.labels).toEqual({ 'nsbaseline.io/policy': 'standard' });
    }
    const there = loadAll(
      (await render(`${header('standard')}spec: {}\n`, '-n', 'team-a')).printed,
    ) as readonly Rendered[];
    expect(there.map(({ metadata }) => metadata.namespace)).toEqual(['team-a', 'team-a', 'team-a']);
  });

  test('T YAML that a YAML 1.1 reader does not misread', async () => {
    const labels = { y: 'no', on: '1e3', no: '0777' };
    const { printed } = await render(
      `${header('no')}spec: {rules: [{name: 'off', podSelector: {matchLabels: ${JSON.stringify(labels)}}, ingress: [{}]}]}\n`.replace(
        'name: no',
        'name: "no"',
      ),
    );
    const objects = loadAll(printed, { schema: YAML11_SCHEMA }) as readonly Rendered[];
    expect(objects.find(({ metadata }) => metadata.name === 'no.off')).toMatchObject({
      metadata: { labels: { 'nsbaseline.io/policy': 'no' } },
      spec: { podSelector: { matchLabels: labels } },
    });
  });

  test('every policy of documents, lists and folders, and passes other kinds over', async () => {
    await mkdir(join(folder, 'many/below'), { recursive: true });
    await file(
      'many/a.yaml',
      `${header('a')}spec: {}\n---\n# nothing\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n---\n${header('b')}spec: {}\n`,
    );
    await file(
      'many/c.json',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [{ apiVersion: 'nsbaseline.io/v1alpha1', kind: 'BaselinePolicy', metadata: { name: 'c' }, spec: {} }],
      }),
    );
    await file('many/below/d.yml', `${header('d')}spec: {}\n`);
    await file('many/readme.md', 'not: [yaml');
    const denies = (printed: string): readonly string[] =>
      [...printed.matchAll(/name: (\w+)\.default-deny/g)].map((match) => match[1] ?? '');
    const flat = await outcomeOf(['render', '-f', join(folder, 'many')]);
    expect(denies(flat.printed)).toEqual(['a', 'b', 'c']);
    expect(flat.complaint).toContain('ConfigMap x');
    expect(denies((await outcomeOf(['render', '-R', '-f', join(folder, 'many')])).printed)).toEqual(
      ['a', 'd', 'b', 'c'].sort((x, y) => ['a', 'b', 'd', 'c'].indexOf(x) - ['a', 'b', 'd', 'c'].indexOf(y)),
    );
  });

  test('a policy from standard input', async () => {
    let printed = '';
    const terminal: Terminal = {
      canAsk: false,
      showsOutput: false,
      showsProgress: false,
      ask: () => Promise.resolve(undefined),
      readInput: () => Promise.resolve(success(`${header('piped')}spec: {}\n`)),
    };
    const command = new Command('render');
    defineRender(
      command,
      {
        programName: 'nsbaseline',
        executable: 'nsbaseline',
        env: {},
        print: (text) => {
          printed += text;
        },
        writeError: () => undefined,
        exit: () => undefined,
      },
      terminal,
    );
    await command.parseAsync(['-f', '-'], { from: 'user' });
    expect(printed).toContain('name: piped.default-deny');
  });

  test('R14 with a word about what it takes for granted, where that plays a part', async () => {
    expect((await render(`${header('a')}spec: {}\n`)).complaint).toContain('--from-cluster');
    expect(
      (await render(`${header('a')}spec: {allow: {dns: {toAnywhere: true}, kubeApiServer: {enabled: true}}}\n`))
        .complaint,
    ).toContain('allow-kube-api-server is left out');
    expect((await render(`${header('a')}spec: {isolate: [Ingress]}\n`)).complaint).toBe('');
  });
});

describe('render ends with 2, prints nothing and says where and what to write:', () => {
  test.each([
    [
      'a spec that is wrong',
      `${header('a')}spec: {isolate: [], alow: {}}\n`,
      ['BaselinePolicy a: spec.isolate: an empty list', 'BaselinePolicy a: spec.alow: is no field here'],
    ],
    [
      'text that is none without quotes',
      `${header('a')}spec: {namespaceSelector: {matchLabels: {x: no}}}\n`,
      ['spec.namespaceSelector.matchLabels.x: must be text, not false; put what you wrote in quotes'],
    ],
    [
      'another version',
      `${header('a').replace('v1alpha1', 'v2')}spec: {}\n`,
      ['apiVersion: must be nsbaseline.io/v1alpha1, not nsbaseline.io/v2'],
    ],
    ['a field beside the spec', `${header('a')}spec: {}\nspecs: {}\n`, ['specs: is no field here']],
    ['no name', 'apiVersion: nsbaseline.io/v1alpha1\nkind: BaselinePolicy\nspec: {}\n', ['metadata.name: is missing']],
    ['two of one name', `${header('a')}spec: {}\n---\n${header('a')}spec: {}\n`, ['there is another of this name']],
    ['a key twice', `${header('a')}spec: {}\nspec: {}\n`, ['is not YAML: duplicated mapping key (5:1)']],
    ['no object', '- a\n', ['is no Kubernetes object']],
    ['nothing', '# nothing\n', ['there is no BaselinePolicy in']],
    [
      'aliases that mean billions of values',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
        .split('')
        .map(
          (key, at) =>
            `${key}: &${key} [${Array(9)
              .fill(`*${'abcdefghi'[at] ?? ''}`)
              .join(',')}]`,
        )
        .join('\n')}\n`,
      ['has more than 100000 values'],
    ],
    ['an alias of itself', 'a: &a [*a]\n', ['is nested too deep']],
    ['a hostile name', `${header('"\\e[2J"')}spec: {}\n`, ['metadata.name']],
  ])('%s', async (_, text, complaints) => {
    const { code, printed, complaint } = await render(text);
    expect({ code, printed }).toEqual({ code: 2, printed: '' });
    for (const expected of complaints) {
      expect(complaint).toContain(expected);
    }
    expect(complaint).not.toContain('\u001b');
  });

  test('files that are not there, together with what is wrong in others', async () => {
    const { code, complaint } = await outcomeOf([
      'render',
      '-f',
      join(folder, 'nope.yaml'),
      '-f',
      await file('bad.yaml', 'a: ['),
    ]);
    expect(code).toBe(2);
    expect(complaint).toContain('2 problems, nothing was rendered');
    expect(complaint).toContain('nope.yaml: there is no such file or folder');
  });

  test('a name that no namespace has', async () => {
    expect(await render(`${header('a')}spec: {}\n`, '-n', 'Team_A')).toMatchObject({ code: 2, printed: '' });
  });
});
