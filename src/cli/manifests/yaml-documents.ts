import {
  boolYaml11Tag,
  constructFromEvents,
  type Event,
  FAILSAFE_SCHEMA,
  floatCoreTag,
  intYaml11Tag,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  parseEvents,
  YAMLException,
} from 'js-yaml';
import { parsedJson } from '../../base/json.ts';
import { failure, type Result, success } from '../../base/result.ts';
import { printable } from '../views/printable.ts';
import { expectationFor } from './yaml-expectations.ts';
import { contentEvents, type FieldSteps, lineAt, lineStartsOf, offsetOf } from './yaml-lines.ts';

const INTEGER = /^([-+]?)(?:0b([01]+)|0x([0-9a-f]+)|0o?([0-7]+)|(0|[1-9][0-9]*))$/i;
const BASES = [2, 16, 8, 10] as const;
const withoutSeparators = (text: string): string => text.replaceAll('_', '');

/** An integer as Go's YAML reads it: with `0o` for octal, and without the numbers to base 60 of YAML 1.1. */
const kubectlIntTag: typeof intYaml11Tag = {
  ...intYaml11Tag,
  resolve: (source) => {
    const [, sign = '', ...byBase] = INTEGER.exec(withoutSeparators(source)) ?? [];
    const digits: readonly (string | undefined)[] = byBase;
    const at = digits.findIndex((text) => text !== undefined);
    const base = BASES[at];
    return base === undefined ? NOT_RESOLVED : Number.parseInt(`${sign}${digits[at] ?? ''}`, base);
  },
};

const kubectlFloatTag: typeof floatCoreTag = {
  ...floatCoreTag,
  resolve: (source, ...context) => floatCoreTag.resolve(withoutSeparators(source), ...context),
};

/**
 * YAML as kubectl reads it, where `no`, `y` and `0777` without quotes are no text. Dates stay text, there as here.
 */
const KUBECTL_SCHEMA = FAILSAFE_SCHEMA.withTags(nullYaml11Tag, boolYaml11Tag, kubectlIntTag, kubectlFloatTag, mergeTag);
/** A few hundred bytes of aliases can stand for billions of values. */
const MAX_ALIASES = 100;

/** The documents of a YAML or JSON text as kubectl would read them, empty ones left out. The error says where it is not YAML. */
export function yamlDocuments(text: string): Result<readonly unknown[], string> {
  try {
    return success(
      loadAll(text, { schema: KUBECTL_SCHEMA, maxAliases: MAX_ALIASES }).filter((document) => document !== null),
    );
  } catch (thrown) {
    const why = thrown instanceof YAMLException ? (thrown.message.split('\n')[0] ?? '') : 'it cannot be parsed';
    return failure(`is not YAML: ${printable(why)}`);
  }
}

/** A document with its place in the text; lines count from 1. */
export interface LocatedDocument {
  readonly value: unknown;
  /** The line where its content begins. */
  readonly line: number;
  /** The line of a field; of one that is not there, the line of what would hold it. */
  lineOf(steps: FieldSteps): number;
}

/** Where a text is not YAML. */
export interface YamlProblem {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** What is wrong and what was expected, printable. */
  readonly message: string;
}

/** As {@link yamlDocuments}, with the line of every document and field. */
export function locatedDocuments(text: string): Result<readonly LocatedDocument[], YamlProblem> {
  const json = jsonDocument(text);
  if (json !== undefined) {
    return success([located(text, { value: json, index: 0, line: firstLine(text) })]);
  }
  try {
    const events = parseEvents(text, {});
    const values = constructFromEvents(events, { source: text, schema: KUBECTL_SCHEMA, maxAliases: MAX_ALIASES });
    const starts = lineStartsOf(text);
    const contents = contentEvents(events);
    const documents = values.map((value, index) => {
      const line = lineAt(starts, offsetOf(text, events, contents[index] ?? 0, []));
      return located(text, { value, index, line });
    });
    return success(documents.filter(({ value }) => value !== null));
  } catch (thrown) {
    return failure(problemOf(thrown, text));
  }
}

/** The events of a large file take many times its size: they are read again for the few lines that are asked for. */
function located(
  text: string,
  { value, index, line }: { readonly value: unknown; readonly index: number; readonly line: number },
): LocatedDocument {
  let known: { readonly events: readonly Event[]; readonly starts: readonly number[] } | undefined;
  return {
    value,
    line,
    lineOf(steps) {
      known ??= { events: parseEvents(text, {}), starts: lineStartsOf(text) };
      const content = contentEvents(known.events)[index] ?? 0;
      return lineAt(known.starts, offsetOf(text, known.events, content, steps));
    },
  };
}

/** JSON is much faster to read as such: the whole of a cluster comes as JSON. Undefined for anything else. */
function jsonDocument(text: string): unknown {
  return /^\s*\{\s*["}]/.test(text) ? parsedJson(text) : undefined;
}

function firstLine(text: string): number {
  return text.slice(0, text.search(/\S/)).split('\n').length;
}

function problemOf(thrown: unknown, text: string): YamlProblem {
  if (!(thrown instanceof YAMLException) || thrown.mark === undefined) {
    return { line: 1, column: 1, message: 'is not YAML: it cannot be parsed' };
  }
  const { line, column } = thrown.mark;
  const written = text.split('\n', line + 1)[line] ?? '';
  const expectation = expectationFor(thrown.reason, written);
  return {
    line: line + 1,
    column: column + 1,
    message: `is not YAML: ${printable(thrown.reason)}${expectation === undefined ? '' : `; ${expectation}`}`,
  };
}
