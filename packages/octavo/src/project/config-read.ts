import { z } from 'zod';
import type { SchemaNode } from './config-expected.js';
import { type OverriddenConfig, override } from './config-override.js';
import { configInvalid, describeIssues } from './config-problem.js';
import type { ConfigSource } from './config-source.js';

/** The JSON Schema of what a user may write: defaults optional, descriptions kept. */
export const inputJsonSchema = (schema: z.ZodType): SchemaNode => ({
  ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
});

/** A section whose fields are all commented out is empty, not wrong. */
const withoutEmptySections = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, section]) => section !== null));
};

/**
 * Checks a configuration and fills in its defaults; `sets` are texts such as `model.depth=6` laid over the file.
 * Errors: CONFIG_INVALID naming every wrong field with file, line, column, what is allowed and what was probably meant.
 */
export const readConfig = <Config>(
  schema: z.ZodType<Config>,
  source: ConfigSource,
  sets: readonly string[] = [],
): Config => {
  const laid = override(source, sets);
  const config: OverriddenConfig = { ...laid, value: withoutEmptySections(laid.value) };
  const parsed = schema.safeParse(config.value);
  if (parsed.success) return parsed.data;
  throw configInvalid(describeIssues(inputJsonSchema(schema), config, parsed.error.issues));
};
