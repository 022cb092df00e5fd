import { dump } from 'js-yaml';

/**
 * One YAML document. Text that YAML 1.1 readers, kubectl among them, would take for something else (`no`, `on`, `y`,
 * `1e3`, `0777`) stands in quotes, as a key and as a value.
 */
export function yamlOf(value: unknown): string {
  return dump(value, { lineWidth: 120, noRefs: true });
}
