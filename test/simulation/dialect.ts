/** The versions of the operator that histories know. */
export const VERSIONS = ['0.1.0', '0.2.0'] as const;

/** One of them. */
export type Version = (typeof VERSIONS)[number];

const EITHER = /"(?:monitoring|observability)"/g;

/**
 * How the newer version sees and writes NetworkPolicies: where the older one says `monitoring` it says `observability`,
 * and the other way round. So each takes its own way of rendering for the right one, and the other's for drift, as two
 * versions do that render one part differently.
 */
export function inDialect(version: Version, text: string): string {
  return version === '0.1.0' ? text : text.replaceAll(EITHER, (word) => (word === '"monitoring"' ? '"observability"' : '"monitoring"'));
}
