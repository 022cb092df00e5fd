import { type Discovered, discoveredSchema } from '../../api/baseline-policy.ts';
import { fieldOf } from '../../base/json.ts';

/** What an earlier run stored in the status of its policies. All carry the same, so the most complete one is taken. */
export function storedDiscovery(policies: Iterable<{ readonly status: unknown }>): Discovered {
  const stored = [...policies].flatMap(({ status }) => {
    const parsed = discoveredSchema.safeParse(fieldOf(status, 'discovered'));
    return parsed.success ? [parsed.data] : [];
  });
  return stored.sort((a, b) => Object.keys(b).length - Object.keys(a).length)[0] ?? {};
}
