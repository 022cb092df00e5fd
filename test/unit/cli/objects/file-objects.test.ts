import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Progress } from '../../../../src/cli/frame/progress.ts';
import { objectsIn, readFileObjects, stepsOf } from '../../../../src/cli/objects/file-objects.ts';
import { kindOf, nameOf } from '../../../../src/cli/objects/object-name.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { scriptedTerminal } from '../scripted-terminal.ts';

/** `kind/name:line` of every object of the text. */
function namesIn(text: string): readonly string[] {
  return objectsIn({ source: 'a.yaml', text }).objects.map(({ object, origin }) => {
    const line = origin.kind === 'file' ? origin.line : 0;
    return `${kindOf(object)}/${nameOf(object)}:${line}`;
  });
}

function problemsIn(text: string): readonly string[] {
  return objectsIn({ source: 'a.yaml', text }).problems.map(({ line, message }) => `${line ?? ''}: ${message}`);
}

const TWO = `# a comment
kind: Pod
metadata:
  name: a
---

---
# another
kind: Service
metadata: {name: b}
data: |
  ---
  kind: Nothing
`;

test('a file has its documents with the line of each; --- within a text begins none', () => {
  expect(namesIn(TWO)).toEqual(['Pod/a:2', 'Service/b:9']);
});

test('line ends of Windows change nothing', () => {
  expect(namesIn(TWO.replaceAll('\n', '\r\n'))).toEqual(['Pod/a:2', 'Service/b:9']);
});

test('Lists are opened, typed ones too, and each item has its line', () => {
  const list = `kind: List
items:
  - kind: Pod
    metadata: {name: a}
  - kind: Service
    metadata: {name: b}
`;
  expect(namesIn(list)).toEqual(['Pod/a:3', 'Service/b:5']);
  expect(namesIn('kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: a}\n')).toEqual(['Pod/a:4']);
});

test('JSON is read as such, with lines', () => {
  expect(namesIn('\n{"kind": "List", "items": [\n{"kind": "Pod", "metadata": {"name": "a"}}\n]}')).toEqual(['Pod/a:3']);
});

test('the line of a field is that of its key, and of one that is not there that of what would hold it', () => {
  const text = `kind: NetworkPolicy
metadata:
  name: a
spec:
  ingress:
    - from:
        - podSelector: {}
    - ports:
        - port: 80
`;
  const [first] = objectsIn({ source: 'a.yaml', text }).objects;
  const lineOf = (path: string): number | undefined =>
    first?.origin.kind === 'file' ? first.origin.lineOf(stepsOf(path)) : undefined;
  expect(lineOf('spec.ingress[1].ports[0].port')).toBe(9);
  expect(lineOf('spec.ingress[0].from')).toBe(6);
  expect(lineOf('spec.egress[0].to')).toBe(4);
  expect(lineOf('spec.ingress[7]')).toBe(5);
});

test('what is not YAML is a problem with its line and what was expected', () => {
  expect(problemsIn('a: b\n  c: d\n')).toEqual([
    '2: is not YAML: bad indentation of a mapping entry; expected a key at the indentation of the keys beside it, or one value after the colon (column 4)',
  ]);
  expect(problemsIn('a: 1\nb:\n\t- c\n')[0]).toContain('3: is not YAML: tab characters');
  expect(problemsIn('x: {{ .Values.y }}\n')[0]).toContain('give the output of helm template');
});

test('__proto__ and endless nesting are problems, not objects', () => {
  expect(problemsIn('kind: Pod\nmetadata:\n  labels: {__proto__: {a: b}}\n')[0]).toContain(
    'metadata.labels[__proto__]',
  );
  expect(namesIn('{"kind":"Pod","metadata":{"name":"a","labels":{"__proto__":"x"}}}')).toEqual([]);
  expect(problemsIn('a: &a\n  b: *a\n')).toHaveLength(1);
  expect(({} as { readonly a?: unknown }).a).toBeUndefined();
});

test('a path that is not there is a problem, and the other paths are read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'objects-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'a.yaml'), TWO);
  const progress = new Progress({ clock: new ManualClock(), write: () => undefined, isShown: false });
  const read = await readFileObjects([join(folder, 'none'), join(folder, 'a.yaml')], {
    isRecursive: false,
    terminal: scriptedTerminal(),
    progress,
  });
  expect(read.objects).toHaveLength(2);
  expect(read.problems).toEqual([{ source: join(folder, 'none'), message: 'there is no such file or folder' }]);
});
