import { DEFAULT_SCALAR_STYLE_RULES, dump, SCALAR_STYLE, type ScalarLayout } from 'js-yaml';
import { isUnprintable, printableJson, printableYaml } from './printable.ts';

/** The formats that programs read. */
export type StructuredFormat = 'json' | 'yaml';

/** Whether an output format is one that programs read. */
export function isStructured(format: string): format is StructuredFormat {
  return format === 'json' || format === 'yaml';
}

/** The value as JSON or YAML that ends with a line end and says exactly the same, with nothing in it that a terminal would obey. */
export function structuredText(value: unknown, format: StructuredFormat): string {
  return format === 'json' ? `${printableJson(JSON.stringify(value, null, 4))}\n` : yamlText(value);
}

/**
 * One YAML document. Text that YAML 1.1 readers, kubectl among them, would take for something else (`no`, `on`, `y`,
 * `1e3`, `0777`) is quoted, as a key and as a value.
 */
export function yamlText(value: unknown): string {
  return printableYaml(
    dump(value, {
      lineWidth: 120,
      noRefs: true,
      scalarStyleRules: [...Object.values(DEFAULT_SCALAR_STYLE_RULES), quotedWhereUnprintable],
    }),
  );
}

/** Only in double quotes can YAML escape a character. */
function quotedWhereUnprintable(layout: ScalarLayout): void {
  if (isUnprintable(layout.node.value)) {
    layout.style = SCALAR_STYLE.DOUBLE_QUOTED;
  }
}
