import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { renderChat } from '../text/index.js';
import type { Admission } from './admission.js';
import { type AnswerEffects, answer } from './answer.js';
import {
  ChatRequest,
  CompletionRequest,
  type ModelList,
  type ModelObject,
  type TokenizeAnswer,
  TokenizeRequest,
} from './api.js';
import { chatFormat } from './chat-format.js';
import { completionFormat } from './completion-format.js';
import type { RandomBytes } from './keys.js';
import { defaultLimits } from './limits.js';
import { invalid, type Problem, problems } from './problem.js';
import { chatMessages, chatPrompt, completionPrompts, type Prompts } from './prompts.js';
import { readBody } from './read-body.js';
import { checkBiases, samplingOf } from './sampling-fields.js';
import type { ServedModel } from './served-model.js';

interface ApiRoutes {
  readonly models: ReadonlyMap<string, ServedModel>;
  readonly admissions: ReadonlyMap<string, Admission>;
  readonly random: RandomBytes;
  readonly effectsOf: (request: FastifyRequest) => AnswerEffects;
  readonly send: (reply: FastifyReply, problem: Problem) => FastifyReply;
}

const modelObject = (id: string, { created }: ServedModel): ModelObject => ({
  id,
  object: 'model',
  created,
  owned_by: 'octavo',
});

/** What differs between the two kinds of generation. */
interface Asked {
  readonly body: Omit<ChatRequest, 'messages' | 'logprobs' | 'top_logprobs' | 'max_completion_tokens'>;
  readonly prompts: Prompts;
  readonly maxTokens: number | undefined;
  readonly topLogprobs: number | undefined;
  readonly kind: 'chat' | 'completion';
}

const idBytes = 16;

/** The routes under /v1. */
export function addApiRoutes(fastify: FastifyInstance, the: ApiRoutes): void {
  const { models, send } = the;

  const generate = (
    request: FastifyRequest,
    reply: FastifyReply,
    model: ServedModel,
    asked: Asked,
  ): Promise<FastifyReply> | FastifyReply => {
    const { body, prompts, topLogprobs } = asked;
    const { generator, tokenizer } = model;
    const admission = the.admissions.get(body.model);
    if (admission === undefined) return send(reply, problems.model(body.model));
    if (prompts.kind === 'refused') return send(reply, prompts.problem);
    const biases = checkBiases(body, generator.vocabularySize);
    if (biases !== undefined) return send(reply, biases);
    if (prompts.prompts.length * body.n > defaultLimits.choices)
      return send(
        reply,
        invalid('invalid_value', `A request has at most ${defaultLimits.choices} answers: prompts times "n".`, 'n'),
      );
    const random = Buffer.from(the.random(idBytes + 6));
    const seed = body.seed ?? random.readUIntBE(idBytes, 6);
    const withLogprobs = topLogprobs !== undefined;
    const usageInStream = body.stream_options?.include_usage === true;
    const createFormat = asked.kind === 'chat' ? chatFormat : completionFormat;
    const effects = the.effectsOf(request);
    return answer(
      request,
      reply,
      {
        name: body.model,
        model,
        admission,
        requests: prompts.prompts.flatMap((prompt, index) =>
          Array.from({ length: body.n }, (_, choice) => ({
            prompt,
            maxTokens: Math.min(asked.maxTokens ?? Number.MAX_SAFE_INTEGER, generator.contextLength - prompt.length),
            sampling: samplingOf(body, seed, index * body.n + choice),
            stop: body.stop,
            stopTokens: prompts.stopTokens,
            topLogprobs,
          })),
        ),
        promptTokens: prompts.prompts.reduce((sum, { length }) => sum + length, 0),
        bodyBytes: Number(request.headers['content-length'] ?? defaultLimits.bodyBytes),
        stream: body.stream,
        includeUsage: usageInStream,
        withLogprobs,
        format: createFormat({
          id: `${asked.kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${random.toString('hex', 0, idBytes)}`,
          created: Math.floor(effects.startedMs / 1000),
          model: body.model,
          tokenizer,
          withLogprobs,
          usageInStream,
        }),
      },
      effects,
    );
  };

  fastify.get(
    '/v1/models',
    async (): Promise<ModelList> => ({
      object: 'list',
      data: [...models].map(([id, model]) => modelObject(id, model)),
    }),
  );

  fastify.get<{ Params: { id: string } }>('/v1/models/:id', async ({ params: { id } }, reply) => {
    const model = models.get(id);
    return model === undefined ? send(reply, problems.model(id)) : modelObject(id, model);
  });

  fastify.post('/v1/chat/completions', async (request, reply) => {
    const read = readBody(ChatRequest, request.body);
    if (read.kind === 'refused') return send(reply, read.problem);
    const body = read.value;
    const model = models.get(body.model);
    if (model === undefined) return send(reply, problems.model(body.model));
    if (body.max_tokens !== undefined && body.max_completion_tokens !== undefined)
      return send(
        reply,
        invalid(
          'invalid_value',
          '"max_tokens" and "max_completion_tokens" are two names of one field: send one.',
          'max_tokens',
        ),
      );
    if (body.top_logprobs !== undefined && !body.logprobs)
      return send(reply, invalid('invalid_value', '"top_logprobs" needs "logprobs": true.', 'top_logprobs'));
    return generate(request, reply, model, {
      body,
      prompts: chatPrompt(body, model),
      maxTokens: body.max_completion_tokens ?? body.max_tokens,
      topLogprobs: body.logprobs ? (body.top_logprobs ?? 0) : undefined,
      kind: 'chat',
    });
  });

  fastify.post('/v1/completions', async (request, reply) => {
    const read = readBody(CompletionRequest, request.body);
    if (read.kind === 'refused') return send(reply, read.problem);
    const body = read.value;
    const model = models.get(body.model);
    if (model === undefined) return send(reply, problems.model(body.model));
    // Sixteen tokens if nothing is said, as in OpenAI's API.
    return generate(request, reply, model, {
      body,
      prompts: completionPrompts(body, model),
      maxTokens: body.max_tokens ?? 16,
      topLogprobs: body.logprobs,
      kind: 'completion',
    });
  });

  fastify.post('/v1/tokenize', async (request, reply) => {
    const read = readBody(TokenizeRequest, request.body);
    if (read.kind === 'refused') return send(reply, read.problem);
    const { model: name, text, messages } = read.value;
    const model = models.get(name);
    if (model === undefined) return send(reply, problems.model(name));
    if ((text === undefined) === (messages === undefined))
      return send(reply, invalid('invalid_value', 'Send either "text" or "messages".', 'text'));
    const ids =
      messages === undefined
        ? [...model.tokenizer.encode(text ?? '')]
        : renderChat(model.tokenizer, chatMessages(messages), { addGenerationPrompt: true }).ids;
    const tokenized: TokenizeAnswer = {
      object: 'tokens',
      model: name,
      ids,
      count: ids.length,
      max_model_len: model.generator.contextLength,
    };
    return tokenized;
  });
}
