import { z } from 'zod';
import { badRequest } from './api-error.js';
import { servingLimits as limits } from './limits.js';

/** A field that may be left out or null. */
const or = <Type extends z.ZodType>(type: Type) => type.nullish();

const stop = z.string().min(1).max(limits.stopCharacters);

/** What both kinds of completion take. */
const common = {
  model: z.string().max(512),
  stream: or(z.boolean()),
  stream_options: or(z.strictObject({ include_usage: or(z.boolean()) })),
  n: or(z.int().min(1).max(limits.choices)),
  max_tokens: or(z.int().min(1)),
  temperature: or(z.number().min(0).max(2)),
  top_p: or(z.number().gt(0).max(1)),
  top_k: or(z.int().min(0)),
  min_p: or(z.number().min(0).max(1)),
  repetition_penalty: or(z.number().gt(0).max(10)),
  frequency_penalty: or(z.number().min(-2).max(2)),
  presence_penalty: or(z.number().min(-2).max(2)),
  logit_bias: or(
    z
      .record(z.string().regex(/^\d{1,8}$/, 'a token id is a whole number'), z.number().min(-100).max(100))
      .refine((biases) => Object.keys(biases).length <= limits.logitBiases, `at most ${limits.logitBiases} tokens`),
  ),
  stop: or(z.union([stop, z.array(stop).max(limits.stops)])),
  seed: or(z.int()),
  /** Taken as OpenAI's clients send it; nothing is kept. */
  user: or(z.string().max(512)),
};

const part = z.strictObject({ type: z.literal('text'), text: z.string() });

export const ChatRequest = z.strictObject({
  ...common,
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['system', 'developer', 'user', 'assistant']),
        content: z.union([z.string(), z.array(part).min(1).max(limits.contentParts)]),
      }),
    )
    .min(1)
    .max(limits.messages),
  max_completion_tokens: or(z.int().min(1)),
  logprobs: or(z.boolean()),
  top_logprobs: or(z.int().min(0).max(limits.topLogprobs)),
  response_format: or(z.strictObject({ type: z.literal('text') })),
  store: or(z.literal(false)),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

const tokenId = z.int().min(0);

export const CompletionRequest = z.strictObject({
  ...common,
  prompt: z.union([
    z.string(),
    z.array(z.string()).min(1).max(limits.choices),
    z.array(tokenId).min(1),
    z.array(z.array(tokenId).min(1)).min(1).max(limits.choices),
  ]),
  logprobs: or(z.int().min(0).max(limits.topLogprobs)),
  echo: or(z.literal(false)),
  best_of: or(z.literal(1)),
  suffix: or(z.literal('')),
});
export type CompletionRequest = z.infer<typeof CompletionRequest>;

export const TokenizeRequest = z.strictObject({
  model: or(z.string().max(512)),
  text: z.string().max(limits.tokenizeCharacters),
});

const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at === 0 ? '' : '.'}${String(key).slice(0, 64)}`))
    .join('');

/** Reads a body by its schema. Throws an ApiError that names the field. */
export function readRequest<Type>(schema: z.ZodType<Type>, body: unknown): Type {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    const param = pathText([...issue.path, issue.keys[0] ?? '']);
    throw badRequest({ message: `This server does not take "${param}".`, param, code: 'unknown_parameter' });
  }
  const param = pathText(issue?.path ?? []);
  const message =
    issue?.code === 'invalid_union' ? 'has none of the allowed forms' : (issue?.message ?? 'is not allowed');
  throw badRequest({
    message: param === '' ? `The body is not allowed: ${message}.` : `"${param}" is not allowed: ${message}.`,
    param: param === '' ? null : param,
    code: 'invalid_value',
  });
}

/** Reads JSON strictly as UTF-8. Throws an ApiError. */
export function parseBody(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw badRequest({ message: 'The body is not valid JSON in UTF-8.', code: 'invalid_json' });
  }
}
