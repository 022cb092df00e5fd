import { z } from 'zod';
import { explanationSchema, reachListSchema } from '../cli/commands/explain/explanation-schema.ts';
import { lintSchema } from '../cli/commands/lint/lint-schema.ts';
import { matrixSchema } from '../cli/commands/matrix/matrix-schema.ts';

/** The JSON Schemas (https://json-schema.org/draft/2020-12) of what commands print for programs, by path. Pure. */
export function outputSchemas(): readonly (readonly [string, string])[] {
  const schemas = {
    explanation: explanationSchema,
    'reach-list': reachListSchema,
    matrix: matrixSchema,
    lint: lintSchema,
  };
  return Object.entries(schemas).map(([name, schema]) => [
    `docs/schemas/${name}.json`,
    `${JSON.stringify(z.toJSONSchema(schema), null, 2)}\n`,
  ]);
}
