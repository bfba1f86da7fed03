import { chooseIsa, nativeBackend } from '@octavo/engine';
import { describe, expect, it } from 'vitest';
import { type GptConfig, gptParameters, initialValues } from '../models/index.js';
import { createDecoder, type LoadedModel } from './decoder.js';
import { createGenerator } from './generator.js';
import { quantiseWeights } from './quantise-weights.js';
import { defaultSampling, sampleToken } from './sampling.js';
import { createStopText } from './stop-text.js';
import type { GenerationEvent, GenerationRequest } from './types.js';

const config: GptConfig = {
  vocabularySize: 96,
  contextLength: 80,
  depth: 2,
  width: 32,
  heads: 4,
  keyValueHeads: 2,
  headWidth: 8,
  feedForwardWidth: 64,
  positions: 'rotary',
  rotaryBase: 10000,
  norm: 'rms',
  normEpsilon: 1e-5,
  activation: 'swiglu',
  biases: false,
  tiedEmbeddings: false,
  queryKeyNorm: true,
  outputBias: false,
  dropout: 0,
};
const backend = nativeBackend({ threads: 2, isa: chooseIsa(undefined), form: 'widened' });
const modelOf = (config: GptConfig): LoadedModel => ({
  backend,
  precision: 'float32',
  config,
  parameters: new Map(
    gptParameters(config).map((spec, stream) => [
      spec.path,
      backend.allocate(
        { dtype: 'float32', shape: spec.shape },
        initialValues(spec, { seed: 1, stream }).map((value) => (spec.role === 'vector' ? value : value * 10)),
      ),
    ]),
  ),
});
const model = modelOf(config);
/** Of which training would drop what is over a tenth of an even share; generation drops nothing. */
const mixture = modelOf({
  ...config,
  experts: {
    count: 4,
    active: 2,
    capacityFactor: 0.1,
    scoring: 'softmax',
    normalise: true,
    balance: 0.01,
    routerZ: 0.001,
  },
});
const ascii = { decodeBytes: (ids: ArrayLike<number>) => Uint8Array.from(ids, (id) => 32 + (id % 95)) };
const prompt = [5, 17, 42, 8, 63];
const request = (more: Partial<GenerationRequest> = {}): GenerationRequest => ({
  prompt,
  maxTokens: 12,
  sampling: { ...defaultSampling, temperature: 0 },
  stop: [],
  stopTokens: [],
  topLogprobs: undefined,
  ...more,
});
const collect = async (events: AsyncIterable<GenerationEvent>) => {
  const all: GenerationEvent[] = [];
  for await (const event of events) all.push(event);
  return {
    ids: all.flatMap((event) => (event.kind === 'token' ? [event.id] : [])),
    text: all.map(({ text }) => text).join(''),
    end: all.at(-1),
    all,
  };
};
const never = new AbortController().signal;

describe('weights in int8', () => {
  const logitsOf = async (one: LoadedModel) => {
    const [logits] = await createDecoder(one, 1).forward([{ slot: 0, start: 0, ids: prompt }]);
    return Array.from(logits ?? []);
  };
  const squares = (values: readonly number[]) => values.reduce((total, value) => total + value * value, 0);
  it.each([false, true])(
    'give nearly the same logits, whether the output layer is tied (%s)',
    async (tiedEmbeddings) => {
      const parameters = new Map(model.parameters);
      if (tiedEmbeddings) parameters.delete('head.weight');
      const whole: LoadedModel = { ...model, config: { ...config, tiedEmbeddings }, parameters };
      const small = await quantiseWeights(whole);
      expect(small.parameters.get('blocks.0.attention.qkv.weight')?.type.dtype).toBe('int8');
      expect(small.parameters.get('head.weight')?.type.dtype).toBe('int8');
      const [exact, coarse] = [await logitsOf(whole), await logitsOf(small)];
      const error = squares(exact.map((value, i) => value - (coarse[i] ?? 0))) / squares(exact);
      expect(error).toBeGreaterThan(0);
      expect(Math.sqrt(error)).toBeLessThan(0.06);
    },
  );
});

it('leaves experts and their routers as they are where weights are int8', async () => {
  const small = await quantiseWeights(mixture);
  expect(small.parameters.get('blocks.0.attention.qkv.weight')?.type.dtype).toBe('int8');
  expect(small.parameters.get('blocks.0.feedForward.router.weight')?.type.dtype).toBe('float32');
  expect(small.parameters.get('blocks.0.feedForward.up.weight')?.type.dtype).toBe('float32');
  const [logits] = await createDecoder(small, 1).forward([{ slot: 0, start: 0, ids: prompt }]);
  expect(logits?.every(Number.isFinite)).toBe(true);
});

describe('the key-value cache', () => {
  it.each([
    ['dense', model],
    ['of experts', mixture],
  ])('gives token by token the logits of the whole prompt at once: %s', async (_, model) => {
    const long = Array.from({ length: 70 }, (_, i) => (i * 37) % 96);
    const [whole] = await createDecoder(model, 1).forward([{ slot: 0, start: 0, ids: long }]);
    const single = createDecoder(model, 3);
    let last: Float32Array | undefined;
    for (const [i, id] of long.entries()) [last] = await single.forward([{ slot: 1, start: i, ids: [id] }]);
    last?.forEach((value, i) => {
      expect(Math.abs(value - (whole?.[i] ?? Number.NaN))).toBeLessThan(1e-4);
    });
  });

  it('keeps sequences of a batch apart', async () => {
    const alone = await createDecoder(model, 1).forward([{ slot: 0, start: 0, ids: prompt }]);
    const many = createDecoder(model, 4);
    await many.forward([{ slot: 0, start: 0, ids: [1, 2, 3] }]);
    await many.forward([{ slot: 2, start: 0, ids: prompt.slice(0, -1) }]);
    const together = await many.forward([
      { slot: 0, start: 3, ids: [9] },
      { slot: 2, start: 4, ids: prompt.slice(-1) },
    ]);
    together[1]?.forEach((value, i) => {
      expect(Math.abs(value - (alone[0]?.[i] ?? Number.NaN))).toBeLessThan(1e-4);
    });
  });
});

describe('a generator', () => {
  it('gives a request the same tokens alone and among others', async () => {
    const sampling = { ...defaultSampling, temperature: 0.9, topK: 20, seed: 11 };
    const alone = await collect(
      createGenerator(model, { tokenizer: ascii, slots: 1 }).generate(request({ sampling }), never),
    );
    const busy = createGenerator(model, { tokenizer: ascii, slots: 3 });
    const all = await Promise.all(
      [1, 2, 11, 4, 5].map((seed) => collect(busy.generate(request({ sampling: { ...sampling, seed } }), never))),
    );
    expect(all[2]?.ids).toEqual(alone.ids);
    expect(busy.load()).toEqual({ active: 0, waiting: 0 });
  });

  it('frees the slot within one step of an abort', async () => {
    const generator = createGenerator(model, { tokenizer: ascii, slots: 1 });
    const control = new AbortController();
    let tokens = 0;
    let end: GenerationEvent | undefined;
    for await (const event of generator.generate(request({ maxTokens: 60 }), control.signal)) {
      if (event.kind === 'token' && ++tokens === 3) control.abort();
      end = event;
    }
    expect(end).toMatchObject({ kind: 'end', reason: 'cancelled' });
    expect(tokens).toBeLessThanOrEqual(4);
    expect(generator.load()).toEqual({ active: 0, waiting: 0 });
  });

  it('ends at the length, at a stop token and at a stop string', async () => {
    const generator = createGenerator(model, { tokenizer: ascii, slots: 1 });
    const full = await collect(generator.generate(request(), never));
    expect(full.end).toMatchObject({ reason: 'length', completionTokens: 12, promptTokens: 5 });
    const [, , third = 0] = full.ids;
    const stopped = await collect(generator.generate(request({ stopTokens: [third] }), never));
    expect(stopped.ids).toEqual(full.ids.slice(0, full.ids.indexOf(third)));
    expect(stopped.end).toMatchObject({ reason: 'stop' });
    const stop = full.text.slice(4, 6);
    const cut = await collect(generator.generate(request({ stop: [stop] }), never));
    expect(cut.text).toBe(full.text.slice(0, full.text.indexOf(stop)));
  });

  it('refuses a prompt that fills the context', async () => {
    const generator = createGenerator(model, { tokenizer: ascii, slots: 1 });
    await expect(
      collect(generator.generate(request({ prompt: new Array<number>(80).fill(1) }), never)),
    ).rejects.toThrow('a prompt has 1 to 79 tokens; this one has 80 [PROMPT_TOO_LONG]');
  });
});

describe('sampleToken', () => {
  const logits = () => Float32Array.of(1, 3, 2, -1);
  const draw = (sampling: Partial<typeof defaultSampling>, index = 0) =>
    sampleToken(logits(), {
      sampling: { ...defaultSampling, ...sampling },
      index,
      counts: new Map([[1, 2]]),
      topLogprobs: 2,
    });

  it('is greedy at temperature 0, and reports the model’s own log-probabilities', () => {
    const { id, logprob, top } = draw({ temperature: 0 });
    expect(id).toBe(1);
    expect(logprob).toBeCloseTo(3 - Math.log(Math.exp(1) + Math.exp(3) + Math.exp(2) + Math.exp(-1)), 5);
    expect(top.map((entry) => entry.id)).toEqual([1, 2]);
  });

  it('draws in proportion to the probabilities', () => {
    const counts = [0, 0, 0, 0];
    for (let index = 0; index < 20_000; index++) counts[draw({}, index).id] = (counts[draw({}, index).id] ?? 0) + 1;
    const total = [1, 3, 2, -1].reduce((sum, x) => sum + Math.exp(x), 0);
    [1, 3, 2, -1].forEach((x, i) => {
      expect(Math.abs((counts[i] ?? 0) / 20_000 - Math.exp(x) / total)).toBeLessThan(0.012);
    });
  });

  it.each([
    ['top-k', { topK: 2 }, [1, 2]],
    ['top-p', { topP: 0.7 }, [1, 2]],
    ['min-p', { minP: 0.2 }, [1, 2]],
    ['a bias', { logitBias: new Map([[3, 100]]) }, [3]],
    ['the repetition penalty', { temperature: 0, repetitionPenalty: 2 }, [2]],
    ['the frequency penalty', { temperature: 0, frequencyPenalty: 1 }, [2]],
  ] as const)('keeps to %s', (_, sampling, allowed) => {
    for (let index = 0; index < 200; index++) expect(allowed).toContain(draw(sampling, index).id);
  });
});

it('holds back what may begin a stop string', () => {
  const pieces = ['ab', 'cX', 'Yc', 'XYZ', '!'];
  const text = createStopText({ push: (id) => pieces[id] ?? '', end: () => '' }, ['XYZ']);
  expect([0, 1, 2].map((id) => text.push(id))).toEqual([
    { text: 'ab', stopped: false },
    { text: 'c', stopped: false },
    { text: 'XYc', stopped: false },
  ]);
  expect(text.push(3)).toEqual({ text: '', stopped: true });
  const rest = createStopText({ push: () => 'aX', end: () => '' }, ['XY']);
  expect(rest.push(0)).toEqual({ text: 'a', stopped: false });
  expect(rest.end()).toBe('X');
});
