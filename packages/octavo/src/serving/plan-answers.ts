import { defaultSampling, type GenerationRequest, type Sampling } from '../generation/index.js';
import { renderChat, stopTokens } from '../text/index.js';
import { badRequest, contextExceeded } from './api-error.js';
import { servingLimits } from './limits.js';
import type { ServedModel } from './model.js';
import type { ChatRequest, CompletionRequest } from './requests.js';

type Common = Pick<
  CompletionRequest,
  | 'n'
  | 'temperature'
  | 'top_p'
  | 'top_k'
  | 'min_p'
  | 'repetition_penalty'
  | 'frequency_penalty'
  | 'presence_penalty'
  | 'logit_bias'
  | 'stop'
  | 'seed'
>;

/** Any whole number names a seed; the sampler takes those from 0 to 2⁵³ − 1. */
const seedOf = (seed: number): number => {
  const count = Number.MAX_SAFE_INTEGER;
  return ((seed % count) + count) % count;
};

function samplingOf(
  request: Common,
  { vocabularySize, seed }: { readonly vocabularySize: number; readonly seed: number },
): Sampling {
  const logitBias = new Map(Object.entries(request.logit_bias ?? {}).map(([id, bias]) => [Number(id), bias]));
  const unknown = [...logitBias.keys()].find((id) => id >= vocabularySize);
  if (unknown !== undefined)
    throw badRequest({
      message: `"logit_bias" names token ${unknown}; this model has ${vocabularySize} tokens.`,
      param: 'logit_bias',
      code: 'invalid_value',
    });
  return {
    temperature: request.temperature ?? defaultSampling.temperature,
    topP: request.top_p ?? defaultSampling.topP,
    topK: request.top_k ?? defaultSampling.topK,
    minP: request.min_p ?? defaultSampling.minP,
    repetitionPenalty: request.repetition_penalty ?? defaultSampling.repetitionPenalty,
    frequencyPenalty: request.frequency_penalty ?? defaultSampling.frequencyPenalty,
    presencePenalty: request.presence_penalty ?? defaultSampling.presencePenalty,
    logitBias,
    seed,
  };
}

/** How many tokens may follow the prompt. Throws context_length_exceeded. */
function roomFor(
  promptTokens: number,
  asked: number | undefined,
  the: { readonly contextLength: number; readonly param: string },
): number {
  const room = the.contextLength - promptTokens;
  if (room < 1)
    throw contextExceeded(
      `This model's context holds ${the.contextLength} tokens; the prompt alone has ${promptTokens}.`,
      the.param,
    );
  if (asked !== undefined && asked > room)
    throw contextExceeded(
      `This model's context holds ${the.contextLength} tokens; the prompt has ${promptTokens} and ${asked} more are asked for.`,
      the.param,
    );
  return asked ?? room;
}

interface Prompts {
  readonly prompts: readonly (readonly number[])[];
  readonly param: string;
  readonly maxTokens: number | undefined;
  readonly topLogprobs: number | undefined;
}

/** The answers to write: each prompt `n` times, with seeds that follow each other. */
function planAnswers(
  request: Common,
  model: ServedModel,
  the: Prompts & { readonly anySeed: () => number },
): readonly GenerationRequest[] {
  const { contextLength, vocabularySize } = model.generator;
  const count = request.n ?? 1;
  if (the.prompts.length * count > servingLimits.choices)
    throw badRequest({
      message: `A request gets at most ${servingLimits.choices} answers; this one asks for ${the.prompts.length * count}.`,
      param: 'n',
      code: 'invalid_value',
    });
  const first = seedOf(request.seed ?? the.anySeed());
  const stop = typeof request.stop === 'string' ? [request.stop] : (request.stop ?? []);
  return the.prompts.flatMap((prompt, at) => {
    const maxTokens = roomFor(prompt.length, the.maxTokens, { contextLength, param: the.param });
    return Array.from({ length: count }, (_, choice) => ({
      prompt,
      maxTokens,
      sampling: samplingOf(request, { vocabularySize, seed: seedOf(first + at * count + choice) }),
      stop,
      stopTokens: stopTokens(model.tokenizer),
      topLogprobs: the.topLogprobs,
    }));
  });
}

const textOf = (content: ChatRequest['messages'][number]['content']): string =>
  typeof content === 'string' ? content : content.map(({ text }) => text).join('');

/** Throws an ApiError: context_length_exceeded, invalid_value. */
export function planChat(
  request: ChatRequest,
  model: ServedModel,
  anySeed: () => number,
): readonly GenerationRequest[] {
  if (request.top_logprobs != null && request.logprobs !== true)
    throw badRequest({
      message: '"top_logprobs" needs "logprobs": true.',
      param: 'top_logprobs',
      code: 'invalid_value',
    });
  const messages = request.messages.map(({ role, content }) => ({
    role: role === 'developer' ? ('system' as const) : role,
    content: textOf(content),
  }));
  const { ids } = renderChat(model.tokenizer, messages, { addGenerationPrompt: true });
  return planAnswers(request, model, {
    prompts: [ids],
    param: 'messages',
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    topLogprobs: request.logprobs === true ? (request.top_logprobs ?? 0) : undefined,
    anySeed,
  });
}

/** Prompts as token ids; a text is encoded as text, so control tokens written in it stay text. */
function promptsOf(prompt: CompletionRequest['prompt'], model: ServedModel): readonly (readonly number[])[] {
  if (typeof prompt === 'string') return [Array.from(model.tokenizer.encode(prompt))];
  const ids: number[] = [];
  const prompts: (readonly number[])[] = [];
  for (const item of prompt) {
    if (typeof item === 'number') ids.push(item);
    else prompts.push(typeof item === 'string' ? Array.from(model.tokenizer.encode(item)) : item);
  }
  return ids.length > 0 ? [ids] : prompts;
}

/** Throws an ApiError: context_length_exceeded, invalid_value. */
export function planCompletion(
  request: CompletionRequest,
  model: ServedModel,
  anySeed: () => number,
): readonly GenerationRequest[] {
  const prompts = promptsOf(request.prompt, model);
  const { vocabularySize } = model.generator;
  for (const ids of prompts) {
    if (ids.length === 0)
      throw badRequest({ message: 'A prompt may not be empty.', param: 'prompt', code: 'invalid_value' });
    const unknown = ids.find((id) => id >= vocabularySize);
    if (unknown !== undefined)
      throw badRequest({
        message: `"prompt" holds token ${unknown}; this model has ${vocabularySize} tokens.`,
        param: 'prompt',
        code: 'invalid_value',
      });
  }
  return planAnswers(request, model, {
    prompts,
    param: 'prompt',
    maxTokens: request.max_tokens ?? 16,
    topLogprobs: request.logprobs ?? undefined,
    anySeed,
  });
}
