import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const DURATION = /^(\d{1,7}(?:\.\d{1,3})?)(ms|s|m|h)$/;

/**
 * A duration of one number and one unit (`500ms`, `10s`, `1.5m`, `1h`), as whole milliseconds. Both bounds are written the
 * same way and are inclusive.
 */
export function durationSchema({ atLeast, atMost }: { readonly atLeast: string; readonly atMost: string }) {
  const minMs = durationMs(atLeast) ?? 0;
  const maxMs = durationMs(atMost) ?? Infinity;
  return z.string().transform((text, context) => {
    const parsedMs = durationMs(text);
    if (parsedMs !== undefined && parsedMs >= minMs && parsedMs <= maxMs) {
      return parsedMs;
    }
    context.addIssue({
      code: 'custom',
      message: `write a number with a unit (ms, s, m, h) from ${atLeast} to ${atMost}, such as ${atMost}`,
    });
    return z.NEVER;
  });
}

/** A duration such as `10s` in milliseconds; undefined for any other text. */
function durationMs(text: string): number | undefined {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  if (amount === undefined || unit === undefined) {
    return undefined;
  }
  return Math.round(Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]);
}
