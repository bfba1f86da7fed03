import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { APIError, AuthenticationError, BadRequestError, NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../core/index.js';
import { openKeys } from './key-check.js';
import { createKey } from './keys.js';
import { type TestServer, testServer, until } from './tiny-server.test-support.js';

let test: TestServer;
let client: OpenAI;
const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }];
const greedy = { model: 'tiny', messages, temperature: 0, max_completion_tokens: 12 };

beforeAll(async () => {
  test = await testServer();
  client = new OpenAI({ baseURL: `${test.server.url}/v1`, apiKey: 'none', maxRetries: 0 });
});
afterAll(() => test[Symbol.asyncDispose]());

const caught = async (work: Promise<unknown>): Promise<APIError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof APIError)) throw new Error(`no APIError but ${String(error)}`);
  return error;
};

describe('the official client', () => {
  it('lists and gets models', async () => {
    expect((await client.models.list()).data).toMatchObject([{ id: 'tiny', object: 'model', owned_by: 'octavo' }]);
    expect(await client.models.retrieve('tiny')).toMatchObject({ id: 'tiny', created: 1_700_000_000 });
  });

  it('chats, and gets the same words as a stream', async () => {
    const whole = await client.chat.completions.create({ ...greedy, logit_bias: test.endless });
    const [choice] = whole.choices;
    expect(whole).toMatchObject({ object: 'chat.completion', model: 'tiny' });
    expect(choice).toMatchObject({ index: 0, finish_reason: 'length', message: { role: 'assistant' } });
    expect(whole.usage).toMatchObject({ completion_tokens: 12, total_tokens: (whole.usage?.prompt_tokens ?? 0) + 12 });

    const stream = await client.chat.completions.create({
      ...greedy,
      logit_bias: test.endless,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(choice?.message.content);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1);
    const reasons = chunks.map((chunk) => chunk.choices[0]?.finish_reason);
    expect(reasons.slice(0, -2).every((reason) => reason === null)).toBe(true);
    expect(reasons.at(-2)).toBe('length');
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
  });

  it('gets several answers, each with its own seed, and the same ones again', async () => {
    const ask = async () =>
      (
        await client.chat.completions.create({ ...greedy, temperature: 2, n: 3, seed: 7, logit_bias: test.endless })
      ).choices.map(({ message }) => message.content);
    const first = await ask();
    expect(new Set(first).size).toBe(3);
    expect(await ask()).toEqual(first);
    const streamed = ['', '', ''];
    for await (const { choices } of await client.chat.completions.create({
      ...greedy,
      temperature: 2,
      n: 3,
      seed: 7,
      logit_bias: test.endless,
      stream: true,
    }))
      for (const { index, delta } of choices) streamed[index] += delta.content ?? '';
    expect(streamed).toEqual(first);
  });

  it('gets log-probabilities that are a distribution', async () => {
    const { choices } = await client.chat.completions.create({
      ...greedy,
      logprobs: true,
      top_logprobs: 20,
      logit_bias: test.endless,
    });
    const content = choices[0]?.logprobs?.content ?? [];
    expect(content.length).toBeGreaterThan(0);
    for (const { logprob, top_logprobs } of content) {
      expect(top_logprobs).toHaveLength(20);
      expect(logprob).toBeLessThanOrEqual((top_logprobs[0]?.logprob ?? 0) + 1e-9);
      expect(top_logprobs.reduce((sum, top) => sum + Math.exp(top.logprob), 0)).toBeLessThanOrEqual(1 + 1e-6);
    }
  });

  it('completes text, from words and from token ids alike', async () => {
    const common = { model: 'tiny', temperature: 0, max_tokens: 8, logit_bias: test.endless };
    const text = await client.completions.create({ ...common, prompt: 'The capital', logprobs: 2 });
    const ids = Array.from(test.model.tokenizer.encode('The capital'));
    const same = await client.completions.create({ ...common, prompt: ids });
    expect(same.choices[0]?.text).toBe(text.choices[0]?.text);
    expect(text.choices[0]?.logprobs?.tokens).toHaveLength(8);
    const two = await client.completions.create({ ...common, prompt: ['The capital', 'The whale'] });
    expect(two.choices.map(({ index }) => index)).toEqual([0, 1]);
    let streamed = '';
    for await (const { choices } of await client.completions.create({ ...common, prompt: ids, stream: true }))
      streamed += choices[0]?.text ?? '';
    expect(streamed).toBe(text.choices[0]?.text);
  });

  it('stops at a stop string, which is not part of the answer', async () => {
    const common = { model: 'tiny', temperature: 0, max_tokens: 40, logit_bias: test.endless, prompt: 'The whale' };
    const full = (await client.completions.create(common)).choices[0]?.text ?? '';
    const stop = full.slice(5, 8);
    const cut = (await client.completions.create({ ...common, stop })).choices[0];
    expect(cut).toMatchObject({ text: full.slice(0, full.indexOf(stop)), finish_reason: 'stop' });
  });

  it('aborts a stream: its slot is free within one step', async () => {
    const stream = await client.chat.completions.create({
      model: 'tiny',
      messages,
      stream: true,
      logit_bias: test.endless,
    });
    let pieces = 0;
    for await (const _ of stream) if (++pieces === 3) break;
    await until(test.idle);
    // A step that was under way when the connection closed may still bring its token.
    expect(test.lateTokens()).toBeLessThanOrEqual(1);
  });

  it('takes a bad model, a long prompt and unknown fields as typed errors', async () => {
    const wrong = await caught(client.chat.completions.create({ ...greedy, model: 'gpt-9' }));
    expect(wrong).toBeInstanceOf(NotFoundError);
    expect(wrong).toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
      type: 'invalid_request_error',
    });
    expect(wrong.requestID).toMatch(/^req_[0-9a-f]{24}$/);

    const long = await caught(
      client.chat.completions.create({ ...greedy, messages: [{ role: 'user', content: 'x '.repeat(5_000) }] }),
    );
    expect(long).toBeInstanceOf(BadRequestError);
    expect(long).toMatchObject({ status: 400, code: 'context_length_exceeded', param: 'messages' });

    const unknown = await caught(
      client.chat.completions.create({ ...greedy, tools: [{ type: 'function', function: { name: 'f' } }] }),
    );
    expect(unknown).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'tools' });
    expect(unknown.message).toContain('"tools"');
    expect(await caught(client.chat.completions.create({ ...greedy, n: 9 }))).toMatchObject({
      status: 400,
      param: 'n',
    });
    expect(await caught(client.models.retrieve('nothing'))).toBeInstanceOf(NotFoundError);
  });

  it('takes a bad key as AuthenticationError, and a good one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'octavo-serving-'));
    try {
      const path = join(folder, 'keys.json');
      const { key } = createKey(path, { name: 'test', scopes: ['infer'], clock: systemClock, random: randomBytes });
      await using guarded = await testServer({ keys: openKeys(path, systemClock) });
      const as = (apiKey: string) => new OpenAI({ baseURL: `${guarded.server.url}/v1`, apiKey, maxRetries: 0 });
      const bad = await caught(as('octavo-wrong').models.list());
      expect(bad).toBeInstanceOf(AuthenticationError);
      expect(bad).toMatchObject({ status: 401, code: 'invalid_api_key' });
      expect((await as(key).models.list()).data).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
