/** The HTTP API in types and schemas: what clients send and get. Shared with pages that call it. */
import { z } from 'zod';
import { defaultLimits } from './limits.js';

const { choices, stopStrings, stopCharacters, topLogprobs, logitBiases, messages, contentParts } = defaultLimits;

const one = (value: unknown): unknown => (typeof value === 'string' ? [value] : value);
const count = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** Fields that chat and plain completions share. */
const generationFields = {
  model: z.string().min(1).max(256).describe('A name that GET /v1/models lists.'),
  stream: z.boolean().default(false).describe('Send the answer as server-sent events while it is written.'),
  stream_options: z
    .strictObject({ include_usage: z.boolean().default(false) })
    .optional()
    .describe('`include_usage`: one more event with the token counts.'),
  n: z.number().int().min(1).max(choices).default(1).describe('How many answers.'),
  max_tokens: count.optional().describe('Tokens of an answer at most; what the context leaves if that is less.'),
  temperature: z.number().min(0).max(2).default(1).describe('0 takes the likeliest token each time.'),
  top_p: z.number().min(0).max(1).default(1).describe('Keep the likeliest tokens that together have this probability.'),
  top_k: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(0)
    .describe('Keep so many of the likeliest tokens; 0 keeps all. Not in OpenAI’s API.'),
  min_p: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Drop tokens below this share of the likeliest one’s probability. Not in OpenAI’s API.'),
  repetition_penalty: z
    .number()
    .min(0.01)
    .max(100)
    .default(1)
    .describe('Above 1: tokens already seen become less likely. Not in OpenAI’s API.'),
  frequency_penalty: z
    .number()
    .min(-2)
    .max(2)
    .default(0)
    .describe('Taken from a token’s logit for each time it was seen.'),
  presence_penalty: z.number().min(-2).max(2).default(0).describe('Taken once from the logit of each token seen.'),
  logit_bias: z
    .record(z.string().regex(/^\d{1,9}$/), z.number().min(-100).max(100))
    .refine((biases) => Object.keys(biases).length <= logitBiases, `at most ${logitBiases} entries`)
    .default({})
    .describe('Added to logits, by token id.'),
  stop: z
    .preprocess(one, z.array(z.string().min(1).max(stopCharacters)).max(stopStrings))
    .default([])
    .describe('Text that ends the answer and is not part of it.'),
  seed: z
    .number()
    .int()
    .min(Number.MIN_SAFE_INTEGER)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Same seed, same request: same answer. Random if left out.'),
  user: z.string().max(512).optional().describe('Accepted and ignored.'),
};

const content = z
  .union(
    [
      z.string(),
      z
        .array(z.strictObject({ type: z.literal('text'), text: z.string() }))
        .min(1)
        .max(contentParts),
    ],
    'a text, or a list of parts { "type": "text", "text": … }',
  )
  .transform((value) => (typeof value === 'string' ? value : value.map(({ text }) => text).join('')));

const conversation = z
  .array(z.strictObject({ role: z.enum(['system', 'developer', 'user', 'assistant']), content }))
  .min(1)
  .max(messages);

export const ChatRequest = z.strictObject({
  ...generationFields,
  messages: conversation.describe('The conversation so far.'),
  max_completion_tokens: count.optional().describe('The newer name of `max_tokens`.'),
  logprobs: z.boolean().default(false).describe('Report the log-probability of each token.'),
  top_logprobs: z
    .number()
    .int()
    .min(0)
    .max(topLogprobs)
    .optional()
    .describe('Report so many alternatives too; needs `logprobs`.'),
});
export type ChatRequest = Readonly<z.infer<typeof ChatRequest>>;

const tokenId = z.number().int().min(0).max(0xffff_ffff);

export const CompletionRequest = z.strictObject({
  ...generationFields,
  prompt: z
    .union(
      [
        z.string(),
        z.array(tokenId).min(1),
        z.array(z.string()).min(1).max(choices),
        z.array(z.array(tokenId).min(1)).min(1).max(choices),
      ],
      'a text, a list of texts, a list of token ids, or a list of such lists',
    )
    .default('')
    .describe('What to go on from; several prompts give several answers.'),
  logprobs: z
    .number()
    .int()
    .min(0)
    .max(topLogprobs)
    .optional()
    .describe('Report each token’s log-probability and so many alternatives.'),
});
export type CompletionRequest = Readonly<z.infer<typeof CompletionRequest>>;

export const TokenizeRequest = z.strictObject({
  model: generationFields.model,
  text: z.string().optional().describe('A text, or'),
  messages: conversation.optional().describe('a conversation, with what makes the model answer at its end.'),
});

export interface TokenizeAnswer {
  readonly object: 'tokens';
  readonly model: string;
  readonly ids: readonly number[];
  readonly count: number;
  readonly max_model_len: number;
}

export interface ModelObject {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

export interface ModelList {
  readonly object: 'list';
  readonly data: readonly ModelObject[];
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export type FinishReason = 'stop' | 'length';

/** One token in the chat API. `bytes` are exact where `token` is half a character. */
export interface ChatTokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
}

export interface ChatLogprobs {
  readonly content: readonly (ChatTokenLogprob & { readonly top_logprobs: readonly ChatTokenLogprob[] })[];
  readonly refusal: null;
}

/** The same in the plain completion API: columns. */
export interface CompletionLogprobs {
  readonly tokens: readonly string[];
  readonly token_logprobs: readonly number[];
  readonly top_logprobs: readonly Readonly<Record<string, number>>[];
  readonly text_offset: readonly number[];
}

export interface ChatAnswer {
  readonly id: string;
  readonly object: 'chat.completion';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly message: { readonly role: 'assistant'; readonly content: string; readonly refusal: null };
    readonly logprobs: ChatLogprobs | null;
    readonly finish_reason: FinishReason;
  }[];
  readonly usage: Usage;
}

export interface ChatChunk {
  readonly id: string;
  readonly object: 'chat.completion.chunk';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly delta: { readonly role?: 'assistant'; readonly content?: string };
    readonly logprobs: ChatLogprobs | null;
    readonly finish_reason: FinishReason | null;
  }[];
  readonly usage?: Usage | null;
}

/** Both the whole answer and a piece of a stream. */
export interface CompletionAnswer {
  readonly id: string;
  readonly object: 'text_completion';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly text: string;
    readonly logprobs: CompletionLogprobs | null;
    readonly finish_reason: FinishReason | null;
  }[];
  readonly usage?: Usage | null;
}
