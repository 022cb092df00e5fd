import {
  boolYaml11Tag,
  FAILSAFE_SCHEMA,
  floatCoreTag,
  intYaml11Tag,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  YAMLException,
} from 'js-yaml';
import { failure, type Result, success } from '../../base/result.ts';
import { printable } from '../views/printable.ts';

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
