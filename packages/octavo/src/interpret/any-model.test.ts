/** The room on architectures other than a GPT: attention is transformers', attributions add up, values are patched by name. */
import {
  type Backend,
  chooseIsa,
  input,
  nativeBackend,
  only,
  type Tensor,
  type Trace,
  tap,
  trace,
} from '@octavo/engine';
import { describe, expect, it } from 'vitest';
import { type EncoderGolden, encoderGoldens } from '../models/encoder-goldens.test-support.js';
import { bertLogits, functionOf, initialValues, type Model, parameterInputs, presets } from '../models/index.js';
import { activationPatching } from './activation-patching.js';
import { type AttentionMap, attentionMaps, attentionMapsOf } from './attention-maps.js';
import { integratedGradients } from './integrated-gradients.js';
import { compiled, type InterpretedModel, logitsGraph, promptInputs } from './model.js';

const backend: Backend = nativeBackend({ threads: 1, isa: chooseIsa(undefined), form: 'widened' });
const goldens = encoderGoldens();

const opened = (model: Model, values: (path: string, stream: number) => ArrayLike<number>): InterpretedModel => ({
  backend,
  model,
  parameters: new Map(
    functionOf(model).parameters.map(({ path, shape }, stream) => [
      path,
      backend.allocate({ dtype: 'float32', shape }, values(path, stream)),
    ]),
  ),
});
const fromGolden = (model: Model, { parameters }: EncoderGolden) => opened(model, (path) => parameters[path] ?? []);
/** Weights large enough that every part matters. */
const random = (model: Model) =>
  opened(model, (path, stream) => {
    const spec = functionOf(model).parameters.find((one) => one.path === path);
    if (spec === undefined) throw new Error(path);
    const values = initialValues({ ...spec, start: { kind: 'normal', deviation: 0.4 } }, { seed: 5, stream });
    return path.endsWith('gain') ? values.map((value) => value + 1) : values;
  });

const bert = {
  architecture: 'bert',
  config: {
    ...presets['bert-base'].config,
    vocabularySize: 11,
    contextLength: 6,
    depth: 2,
    width: 8,
    heads: 2,
    feedForwardWidth: 12,
  },
} as const;
const t5 = {
  architecture: 'encoder-decoder',
  config: {
    ...presets['t5-small'].config,
    vocabularySize: 11,
    width: 8,
    heads: 2,
    headWidth: 3,
    feedForwardWidth: 12,
    encoderDepth: 2,
    decoderDepth: 2,
    buckets: 8,
    maxDistance: 9,
  },
} as const;
const textCnn = {
  architecture: 'text-cnn',
  config: { vocabularySize: 11, width: 6, filterWidths: [1, 2, 3], filters: 7, classes: 3, dropout: 0.5 },
} as const;
const lstm = {
  architecture: 'recurrent',
  config: { kind: 'lstm', vocabularySize: 11, width: 5, hidden: 6, layers: 2, tiedEmbeddings: false, dropout: 0 },
} as const;
const tagger = {
  architecture: 'tagger',
  config: { kind: 'gru', vocabularySize: 11, width: 5, hidden: 6, layers: 1, tags: 4, dropout: 0 },
} as const;
const recurrence = {
  architecture: 'linear-recurrence',
  config: {
    ...presets['linear-recurrence'].config,
    vocabularySize: 11,
    width: 6,
    recurrentWidth: 8,
    feedForwardWidth: 9,
  },
} as const;

const expectNear = (actual: ArrayLike<number>, expected: ArrayLike<number>, within: number) => {
  expect(actual.length).toBe(expected.length);
  const far = Array.from(actual, (value, i) => Math.abs(value - (expected[i] ?? Number.NaN)));
  expect(Math.max(...far)).toBeLessThan(within);
};
const allOf = (maps: readonly AttentionMap[]): readonly number[] => maps.flatMap(({ weights }) => [...weights]);

describe('attention is that of transformers', () => {
  const [tokens, segments] = [
    [1, 2, 3, 4, 5, 6, 7, 8, 0, 0],
    [0, 0, 0, 1, 1, 0, 1, 1, 1, 1],
  ];

  it('in BertModel, of two texts of which one is padded: any traced function', async () => {
    const given = (t: Trace, name: string, shape: readonly number[]): Tensor =>
      input(t, name, { dtype: 'int32', shape });
    const graph = trace((t) => {
      const ids = { tokens: given(t, 'tokens', [2, 5]), positions: given(t, 'positions', [2, 5]) };
      const more = { segments: given(t, 'segments', [2, 5]), lengths: given(t, 'lengths', [2]) };
      const parameters = parameterInputs(t, functionOf(bert).parameters);
      return { outputs: { logits: bertLogits(bert.config, parameters, { ...ids, ...more }) } };
    });
    const positions = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4];
    const inputs = { tokens, positions, segments, lengths: [5, 3] };
    const maps = await attentionMapsOf(fromGolden(bert, goldens.bert), graph, inputs);
    expect(maps.map(({ path }) => path)).toEqual(['blocks.0.attention', 'blocks.1.attention']);
    expectNear(allOf(maps), goldens.bert.attention ?? [], 1e-5);
    const alone = await attentionMaps(fromGolden(bert, goldens.bert), tokens.slice(0, 5), {
      segments: segments.slice(0, 5),
    });
    expectNear(
      allOf(alone),
      maps.flatMap(({ weights }) => [...weights.subarray(0, weights.length / 2)]),
      1e-6,
    );
  });

  it('in T5: encoder, decoder, and what the decoder reads of a padded source', async () => {
    const { source, said, lengths, attention = [] } = goldens.relu;
    const model = fromGolden(t5, goldens.relu);
    const [prompt, spoken] = [source.slice(14), said.slice(12)];
    const inputs = { ...promptInputs(model, prompt, 1, { said: spoken }), lengths: lengths.slice(1) };
    const maps = await attentionMapsOf(model, logitsGraph(model, prompt, 1, { said: spoken }), inputs);
    expect(maps.map(({ path, queries, keys }) => `${path} ${queries}×${keys}`)).toEqual([
      'encoder.blocks.0.attention 14×14',
      'encoder.blocks.1.attention 14×14',
      'decoder.blocks.0.attention 12×12',
      'decoder.blocks.0.cross 12×14',
      'decoder.blocks.1.attention 12×12',
      'decoder.blocks.1.cross 12×14',
    ]);
    expectNear(allOf(maps), attention, 1e-5);
  });
});

describe('integrated gradients add up', () => {
  const prompt = [3, 7, 1, 9, 4];

  it.each<[string, Model, { readonly width: number; readonly position?: number; readonly said?: readonly number[] }]>([
    ['text CNN, of a class', textCnn, { width: 3 }],
    ['LSTM, of the next token', lstm, { width: 11 }],
    ['tagger, of the tag of a word', tagger, { width: 4, position: 2 }],
    ['linear recurrence', recurrence, { width: 11 }],
    ['BERT, of a token in the middle', bert, { width: 11, position: 1 }],
    ['T5, of the source for what is said next', t5, { width: 11, said: [0, 5, 2] }],
  ])('%s', async (_, model, { width, position, said }) => {
    const subject = random(model);
    const beside = said === undefined ? {} : { said };
    const found = await integratedGradients(subject, prompt, { target: 2, other: 1, position }, { beside });
    const scores = await compiled(
      subject,
      only(tap(logitsGraph(subject, prompt, 1, beside), ['head']), ['head']),
    )(promptInputs(subject, prompt, 1, beside));
    const row = scores('head').subarray((position ?? -1) * width, ((position ?? -1) + 1) * width || undefined);
    expect(found.value).toBeCloseTo((row[2] ?? Number.NaN) - (row[1] ?? Number.NaN), 4);
    expect(found.tokens).toHaveLength(prompt.length);
    expect(found.error).toBeLessThanOrEqual(found.bound);
    expect(Math.abs(found.value - found.baseline)).toBeGreaterThan(found.bound);
    const sum = found.tokens.reduce((a, b) => a + b, 0);
    expect(Math.abs(sum - (found.value - found.baseline))).toBeLessThanOrEqual(found.bound);
  });
});

it.each<[string, Model, readonly string[]]>([
  ['LSTM', lstm, ['/embedding', 'layers.0', 'layers.1']],
  ['linear recurrence', recurrence, ['/embedding', 'blocks.0', 'blocks.1']],
])('values of a %s are patched by name', async (_, model, names) => {
  const [clean, corrupted] = [
    [3, 7, 1, 9, 4],
    [3, 2, 1, 9, 4],
  ];
  const { recovered } = await activationPatching(random(model), { clean, corrupted, target: 2, other: 1, names });
  // The only changed token, looked up; then what the last layer says at the end.
  expectNear(recovered[0] ?? [], [0, 1, 0, 0, 0], 1e-4);
  expectNear(recovered.at(-1) ?? [], [0, 0, 0, 0, 1], 1e-4);
  expect(recovered[1]?.[0]).toBeCloseTo(0, 4);
});
