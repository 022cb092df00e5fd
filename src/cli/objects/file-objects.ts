import { structureProblem } from '../../api/plain-value.ts';
import { fieldOf, isJsonObject, itemsOf } from '../../base/json.ts';
import type { Progress } from '../frame/progress.ts';
import type { Terminal } from '../frame/terminal.ts';
import { type ManifestText, manifestTexts } from '../manifests/manifest-files.ts';
import { type LocatedDocument, locatedDocuments } from '../manifests/yaml-documents.ts';
import type { FieldSteps } from '../manifests/yaml-lines.ts';
import { countText } from '../views/count-text.ts';
import { kindOf } from './object-name.ts';
import type { InputProblem, SourcedObject } from './objects-read.ts';

/** The objects of files, and what is wrong with the files. */
export interface FileObjects {
  readonly objects: readonly SourcedObject[];
  readonly problems: readonly InputProblem[];
}

/** All the manifests of one argument of `-f` together. */
const MAX_MANIFEST_BYTES = 512 * 1024 ** 2;
const MAX_LIST_DEPTH = 4;

/**
 * The objects of the files, folders and standard input that `paths` name, Lists opened, of every kind. What is broken is
 * a problem with its file and line, and the rest is read all the same. Documents that are no Kubernetes objects, such as
 * the values of a chart, are among the objects: whoever judges them skips and counts them.
 */
export async function readFileObjects(
  paths: readonly string[],
  options: {
    readonly isRecursive: boolean;
    readonly terminal: Terminal;
    readonly progress: Progress;
    /** Called with every text that was read. */
    onText?(text: ManifestText): void;
  },
): Promise<FileObjects> {
  const objects: SourcedObject[] = [];
  const problems: InputProblem[] = [];
  for (const path of paths) {
    const texts = await manifestTexts(path, { ...options, limitBytes: MAX_MANIFEST_BYTES });
    if (!texts.ok) {
      const source = path === '-' ? 'standard input' : path;
      problems.push({ source, message: texts.error.replace(`${source}: `, '') });
      continue;
    }
    for (const text of texts.value) {
      options.progress.show(`reading ${text.source}: ${countText(objects.length, 'object', 'objects')} so far`);
      // The line above is drawn only when this thread waits for something.
      await new Promise(setImmediate);
      options.onText?.(text);
      const found = objectsIn(text);
      problems.push(...found.problems);
      for (const object of found.objects) {
        objects.push(object);
      }
    }
  }
  return { objects, problems };
}

/** The objects of one text. Any text is safe to ask about. */
export function objectsIn({ source, text }: ManifestText): FileObjects {
  const documents = locatedDocuments(text);
  if (!documents.ok) {
    const { line, column, message } = documents.error;
    return { objects: [], problems: [{ source, line, message: `${message} (column ${column})` }] };
  }
  const objects: SourcedObject[] = [];
  const problems: InputProblem[] = [];
  for (const document of documents.value) {
    take(document.value, { source, document, steps: [], depth: 0 }, { objects, problems });
  }
  return { objects, problems };
}

interface Place {
  readonly source: string;
  readonly document: LocatedDocument;
  /** From the document to the object. */
  readonly steps: FieldSteps;
  readonly depth: number;
}

function take(
  value: unknown,
  place: Place,
  into: { readonly objects: SourcedObject[]; readonly problems: InputProblem[] },
): void {
  const { source, document, steps, depth } = place;
  const kind = kindOf(value);
  const items = fieldOf(value, 'items');
  if (kind.endsWith('List') && Array.isArray(items) && depth < MAX_LIST_DEPTH) {
    const itemKind = kind === 'List' ? undefined : kind.slice(0, -'List'.length);
    const apiVersion = fieldOf(value, 'apiVersion');
    for (const [index, item] of itemsOf(items).entries()) {
      const typed = withKind(item, itemKind, apiVersion);
      take(typed, { ...place, steps: [...steps, 'items', index], depth: depth + 1 }, into);
    }
    return;
  }
  const lineOf = (inner: FieldSteps): number => document.lineOf([...steps, ...inner]);
  const blocked = structureProblem(value, []);
  if (blocked !== undefined) {
    const where = blocked.path === '' ? '' : `${blocked.path}: `;
    into.problems.push({ source, line: lineOf([]), message: `${where}${blocked.message}` });
    return;
  }
  into.objects.push({
    object: value,
    origin: {
      kind: 'file',
      source,
      // Within a List the line costs another look at the file, so it is looked up when it is asked for.
      get line() {
        return steps.length === 0 ? document.line : lineOf([]);
      },
      lineOf,
    },
  });
}

/** Items of a typed list, as the API server sends it, do not repeat what the list says. */
function withKind(item: unknown, kind: string | undefined, apiVersion: unknown): unknown {
  return kind === undefined || !isJsonObject(item) || fieldOf(item, 'kind') !== undefined
    ? item
    : { apiVersion, kind, ...item };
}

/** Steps to a field from a path such as `spec.ingress[0].from`, which the engine's problems have. */
export function stepsOf(path: string): FieldSteps {
  return [...path.matchAll(/\[(\d+)\]|\[([^\]]*)\]|([^.[\]]+)/g)].map(([, index, key, name]) =>
    index === undefined ? (key ?? name ?? '') : Number(index),
  );
}
