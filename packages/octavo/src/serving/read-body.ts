import type { z } from 'zod';
import { closest } from '../project/index.js';
import { invalid, type Problem } from './problem.js';

export type ReadBody<Value> =
  | { readonly kind: 'ok'; readonly value: Value }
  | { readonly kind: 'refused'; readonly problem: Problem };

const isNeutral = (value: unknown, neutral: readonly unknown[]): boolean =>
  neutral.some((one) => JSON.stringify(one) === JSON.stringify(value));

/** Fields of OpenAI's API that this server does not have, with the values that ask for nothing. */
const unsupported: Readonly<Record<string, readonly unknown[]>> = {
  audio: [],
  best_of: [1],
  echo: [false],
  function_call: ['none'],
  functions: [[]],
  metadata: [{}],
  modalities: [['text']],
  moderation: [],
  parallel_tool_calls: [true, false],
  prediction: [],
  prompt_cache_key: [],
  prompt_cache_retention: [],
  reasoning_effort: [],
  response_format: [{ type: 'text' }],
  safety_identifier: [],
  service_tier: ['auto', 'default'],
  store: [false],
  suffix: [''],
  tool_choice: ['none', 'auto'],
  tools: [[]],
  verbosity: [],
  web_search_options: [],
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** OpenAI's API takes null for "left out"; message objects that it returned, and clients send back, carry such nulls too. */
const withoutNulls = (value: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== null)
      .map(([name, field]) => [
        name,
        name === 'messages' && Array.isArray(field)
          ? field.map((message: unknown) => (isRecord(message) ? withoutNulls(message) : message))
          : field,
      ]),
  );

const pathText = (path: readonly PropertyKey[]): string =>
  path
    .reduce<string>(
      (text, part) =>
        typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
      '',
    )
    .slice(0, 200);

const shown = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);

/** The first thing that is wrong with a body, in words. */
const problemOfIssue = (issue: z.core.$ZodIssue, known: readonly string[]): Problem => {
  const at = pathText(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const name = at === '' ? key : `${at}.${key}`;
    const meant = at === '' ? closest(key, known) : undefined;
    return invalid(
      'unknown_parameter',
      `There is no field ${shown(name)}${meant === undefined ? '' : `; did you mean ${shown(meant)}?`}`,
      name.slice(0, 200),
    );
  }
  return invalid(
    'invalid_value',
    `${at === '' ? 'The body' : shown(at)} is not valid: ${issue.message}.`,
    at === '' ? null : at,
  );
};

/** Checks a parsed body against a schema. Every field that the server does not know is refused by name. */
export function readBody<Schema extends z.ZodObject>(schema: Schema, body: unknown): ReadBody<z.infer<Schema>> {
  if (!isRecord(body))
    return { kind: 'refused', problem: invalid('invalid_value', 'The body should be a JSON object.') };
  const fields = withoutNulls(body);
  for (const [name, neutral] of Object.entries(unsupported)) {
    if (!(name in fields) || name in schema.shape) continue;
    if (!isNeutral(fields[name], neutral))
      return {
        kind: 'refused',
        problem: invalid(
          'unsupported_parameter',
          `This server does not support the field ${shown(name)}: leave it out.`,
          name,
        ),
      };
    delete fields[name];
  }
  const parsed = schema.safeParse(fields);
  if (parsed.success) return { kind: 'ok', value: parsed.data };
  const [issue] = parsed.error.issues;
  return {
    kind: 'refused',
    problem:
      issue === undefined
        ? invalid('invalid_value', 'The body is not valid.')
        : problemOfIssue(issue, Object.keys(schema.shape)),
  };
}
