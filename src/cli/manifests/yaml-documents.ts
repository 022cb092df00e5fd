import {
  boolYaml11Tag,
  FAILSAFE_SCHEMA,
  floatCoreTag,
  intYaml11Tag,
  loadAll,
  mergeTag,
  nullYaml11Tag,
  YAMLException,
} from 'js-yaml';
import { failure, type Result, success } from '../../base/result.ts';
import { printable } from '../views/printable.ts';

/**
 * YAML as kubectl reads it, where `no`, `y` and `0777` without quotes are no text. Dates stay text, there as here.
 */
const KUBECTL_SCHEMA = FAILSAFE_SCHEMA.withTags(nullYaml11Tag, boolYaml11Tag, intYaml11Tag, floatCoreTag, mergeTag);
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
