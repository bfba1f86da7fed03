/** Every model of this room as one training step, in two sizes: what each must prove is asked of this list. */
import {
  type Form,
  type Graph,
  gradient,
  input,
  nativeBackend,
  type Precision,
  philox,
  product,
  type Tensor,
  type TensorType,
  trace,
} from '@octavo/engine';
import { bertLoss, bertParameters } from './bert.js';
import { encoderDecoderLoss, encoderDecoderParameters } from './encoder-decoder.js';
import { gptLoss, type Parameters } from './gpt.js';
import type { ExpertsConfig, GptConfig } from './gpt-config.js';
import { gptParameters, type ParameterSpec } from './gpt-parameters.js';
import { linearRecurrenceLoss, linearRecurrenceParameters } from './linear-recurrence.js';
import { type RecurrentConfig, recurrentLoss, recurrentParameters } from './recurrent.js';
import { taggerLoss, taggerParameters } from './tagger.js';
import { textCnnLoss, textCnnParameters } from './text-cnn.js';

interface Given {
  readonly type: TensorType;
  readonly data: readonly number[];
}
export interface ModelCase {
  readonly name: string;
  readonly parameters: readonly ParameterSpec[];
  /** What a step is given beside parameters, by name. */
  readonly inputs: Readonly<Record<string, Given>>;
  readonly loss: (parameters: Parameters, inputs: (name: string) => Tensor) => Tensor;
}

/** `tiny` for finite differences; `small` gives every kernel more pieces than threads. */
export type Size = 'tiny' | 'small';

const ids = (shape: readonly number[], below: number, stream: number): Given => ({
  type: { dtype: 'int32', shape },
  data: Array.from({ length: product(shape) }, (_, i) => philox([i, stream, 0, 0], [7, 7])[0] % below),
});
const integers = (shape: readonly number[], data: readonly number[]): Given => ({
  type: { dtype: 'int32', shape },
  data,
});
/** Uneven weights of sum 1. */
const weights = (count: number): Given => ({
  type: { dtype: 'float32', shape: [count] },
  data: Array.from({ length: count }, (_, i) => (1 + (i % 3)) / (2 * count)),
});
const repeated = (times: number, row: readonly number[]): readonly number[] =>
  Array.from({ length: times }, () => row).flat();
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

/** Sequences of a language model, each of two documents. */
function sequences(batch: number, time: number, vocabulary: number) {
  const second = Math.floor(time / 3);
  const starts = range(time).map((t) => (t < second ? 0 : second));
  return {
    tokens: ids([batch, time], vocabulary, 1),
    positions: integers([batch, time], repeated(batch, range(time))),
    starts: integers([batch, time], repeated(batch, starts)),
    targets: ids([batch * time], vocabulary, 2),
    weights: weights(batch * time),
    step: integers([], [3]),
  };
}

const sequenceInputs = (config: { readonly dropout: number }, of: (name: string) => Tensor) => ({
  tokens: of('tokens'),
  positions: of('positions'),
  starts: of('starts'),
  targets: of('targets'),
  weights: of('weights'),
  ...(config.dropout === 0 ? {} : { dropout: { step: of('step'), seed: 5 } }),
});

const [tiny, small] = [
  { batch: 2, time: 6, vocabulary: 11, width: 8, headWidth: 4, feedForwardWidth: 10 },
  { batch: 3, time: 70, vocabulary: 150, width: 72, headWidth: 18, feedForwardWidth: 140 },
];

function gpt(name: string, size: Size, choices: Partial<GptConfig>): ModelCase {
  const { batch, time, vocabulary, width, headWidth, feedForwardWidth } = size === 'tiny' ? tiny : small;
  const heads = width / headWidth;
  const config: GptConfig = {
    vocabularySize: vocabulary,
    contextLength: time,
    depth: 1,
    width,
    heads,
    keyValueHeads: heads,
    headWidth,
    feedForwardWidth,
    positions: 'rotary',
    rotaryBase: 100,
    norm: 'rms',
    normEpsilon: 1e-5,
    activation: 'swiglu',
    biases: false,
    tiedEmbeddings: true,
    queryKeyNorm: false,
    outputBias: false,
    dropout: 0,
    ...choices,
  };
  const inputs = sequences(batch, time, vocabulary);
  return {
    name,
    parameters: gptParameters(config),
    inputs,
    loss: (parameters, of) => gptLoss(config, parameters, sequenceInputs(config, of)).objective,
  };
}

function bert(size: Size): ModelCase {
  const { batch, time, vocabulary, width, headWidth, feedForwardWidth } = size === 'tiny' ? tiny : small;
  const config = {
    vocabularySize: vocabulary,
    contextLength: time,
    segments: 2,
    depth: 1,
    width,
    heads: width / headWidth,
    feedForwardWidth,
    normEpsilon: 1e-5,
  };
  const masked = Math.floor((batch * time) / 3);
  return {
    name: 'BERT',
    parameters: bertParameters(config),
    inputs: {
      tokens: ids([batch, time], vocabulary, 1),
      positions: integers([batch, time], repeated(batch, range(time))),
      segments: ids([batch, time], 2, 3),
      lengths: integers(
        [batch],
        range(batch).map((row) => time - 2 * row),
      ),
      masked: ids([masked], time - 2, 4),
      targets: ids([masked], vocabulary, 2),
      weights: weights(masked),
    },
    loss: (parameters, of) =>
      bertLoss(config, parameters, {
        tokens: of('tokens'),
        positions: of('positions'),
        segments: of('segments'),
        lengths: of('lengths'),
        masked: of('masked'),
        targets: of('targets'),
        weights: of('weights'),
      }).loss,
  };
}

function encoderDecoder(size: Size, activation: 'relu' | 'gated-gelu'): ModelCase {
  const { batch, time, vocabulary, width, headWidth, feedForwardWidth } = size === 'tiny' ? tiny : small;
  const config = {
    vocabularySize: vocabulary,
    width,
    heads: width / headWidth,
    headWidth,
    feedForwardWidth,
    encoderDepth: 1,
    decoderDepth: 1,
    buckets: 6,
    maxDistance: 9,
    activation,
    normEpsilon: 1e-5,
  };
  const said = time - 1;
  return {
    name: `encoder-decoder, ${activation}`,
    parameters: encoderDecoderParameters(config),
    inputs: {
      source: ids([batch, time], vocabulary, 1),
      lengths: integers(
        [batch],
        range(batch).map((row) => time - 2 * row),
      ),
      said: ids([batch, said], vocabulary, 3),
      targets: ids([batch * said], vocabulary, 2),
      weights: weights(batch * said),
    },
    loss: (parameters, of) =>
      encoderDecoderLoss(config, parameters, {
        source: of('source'),
        lengths: of('lengths'),
        said: of('said'),
        targets: of('targets'),
        weights: of('weights'),
      }).loss,
  };
}

function textCnn(size: Size): ModelCase {
  const { batch, time, vocabulary, width } = size === 'tiny' ? tiny : { ...small, batch: 70 };
  const config = {
    vocabularySize: vocabulary,
    width,
    filterWidths: [2, 3],
    filters: size === 'tiny' ? 5 : 90,
    classes: 5,
    dropout: 0.3,
  };
  return {
    name: 'text CNN',
    parameters: textCnnParameters(config),
    inputs: {
      tokens: ids([batch, time], vocabulary, 1),
      lengths: integers(
        [batch],
        range(batch).map((row) => Math.max(1, time - row)),
      ),
      targets: ids([batch], 5, 2),
      weights: weights(batch),
      step: integers([], [3]),
    },
    loss: (parameters, of) =>
      textCnnLoss(config, parameters, {
        tokens: of('tokens'),
        lengths: of('lengths'),
        targets: of('targets'),
        weights: of('weights'),
        dropout: { step: of('step'), seed: 5 },
      }).loss,
  };
}

function linearRecurrence(size: Size): ModelCase {
  const { batch, time, vocabulary, width, feedForwardWidth } = size === 'tiny' ? tiny : small;
  const config = {
    vocabularySize: vocabulary,
    depth: 1,
    width,
    recurrentWidth: width + 1,
    convolutionWidth: 3,
    feedForwardWidth,
    normEpsilon: 1e-5,
  };
  const { tokens, targets, weights } = sequences(batch, time, vocabulary);
  return {
    name: 'linear recurrence',
    parameters: linearRecurrenceParameters(config),
    inputs: { tokens, targets, weights },
    loss: (parameters, of) =>
      linearRecurrenceLoss(config, parameters, {
        tokens: of('tokens'),
        targets: of('targets'),
        weights: of('weights'),
      }).loss,
  };
}

function recurrent(size: Size, kind: RecurrentConfig['kind'], tiedEmbeddings: boolean): ModelCase {
  const { batch, time, vocabulary, width } = size === 'tiny' ? tiny : { ...small, time: 9 };
  const config = {
    kind,
    vocabularySize: vocabulary,
    width,
    hidden: width + 3,
    layers: 2,
    tiedEmbeddings,
    dropout: 0.2,
  };
  const { tokens, targets, weights, step } = sequences(batch, time, vocabulary);
  return {
    name: `${kind === 'lstm' ? 'LSTM' : 'GRU'}${tiedEmbeddings ? ', tied' : ''}`,
    parameters: recurrentParameters(config),
    inputs: { tokens, targets, weights, step },
    loss: (parameters, of) =>
      recurrentLoss(config, parameters, {
        tokens: of('tokens'),
        targets: of('targets'),
        weights: of('weights'),
        dropout: { step: of('step'), seed: 5 },
      }).loss,
  };
}

function tagger(size: Size, kind: RecurrentConfig['kind']): ModelCase {
  const { batch, time, vocabulary, width } = size === 'tiny' ? tiny : { ...small, time: 9 };
  const config = { kind, vocabularySize: vocabulary, width, hidden: width - 3, layers: 1, tags: 5, dropout: 0.2 };
  return {
    name: `tagger, ${kind === 'lstm' ? 'LSTM' : 'GRU'}`,
    parameters: taggerParameters(config),
    inputs: {
      tokens: ids([batch, time], vocabulary, 1),
      lengths: integers(
        [batch],
        range(batch).map((row) => time - 2 * row),
      ),
      tags: ids([batch, time], 5, 2),
      weights: weights(batch),
      step: integers([], [3]),
    },
    loss: (parameters, of) =>
      taggerLoss(config, parameters, {
        tokens: of('tokens'),
        lengths: of('lengths'),
        tags: of('tags'),
        weights: of('weights'),
        dropout: { step: of('step'), seed: 5 },
      }).loss,
  };
}

const experts: ExpertsConfig = {
  count: 4,
  active: 2,
  capacityFactor: 0,
  scoring: 'softmax',
  normalise: true,
  balance: 0.1,
  routerZ: 0.01,
};

/** A line a model: a new one is added here, and held to all that the others are. */
export const everyModel = (size: Size): readonly ModelCase[] => [
  gpt('GPT: rotary, RMSNorm, SwiGLU', size, {}),
  gpt('GPT-2: learned positions, LayerNorm, GELU, biases', size, {
    positions: 'learned',
    norm: 'layer',
    activation: 'gelu-tanh',
    biases: true,
  }),
  gpt('GPT: grouped heads, normalised queries and keys, ReLU², own head with bias', size, {
    keyValueHeads: 1,
    queryKeyNorm: true,
    activation: 'relu-squared',
    tiedEmbeddings: false,
    outputBias: true,
  }),
  gpt('GPT: dropout, exact GELU', size, { dropout: 0.2, activation: 'gelu' }),
  gpt('mixture of experts, softmax', size, { experts }),
  gpt('mixture of experts, sigmoid and a capacity', size, {
    experts: { ...experts, scoring: 'sigmoid', capacityFactor: 0.8 },
  }),
  bert(size),
  encoderDecoder(size, 'relu'),
  encoderDecoder(size, 'gated-gelu'),
  textCnn(size),
  linearRecurrence(size),
  recurrent(size, 'lstm', true),
  recurrent(size, 'gru', false),
  tagger(size, 'lstm'),
  tagger(size, 'gru'),
];

/** The loss, and with `gradients` those of all parameters as `d.<path>`. */
export const stepOf = (model: ModelCase, { gradients }: { readonly gradients: boolean }): Graph =>
  trace((t) => {
    const declare = (name: string, type: TensorType): readonly [string, Tensor] => [name, input(t, name, type)];
    const parameters = new Map(model.parameters.map(({ path, shape }) => declare(path, { dtype: 'float32', shape })));
    const inputs = new Map(Object.entries(model.inputs).map(([name, { type }]) => declare(name, type)));
    const loss = model.loss(parameters, (name) => {
      const found = inputs.get(name);
      if (found === undefined) throw new Error(`${model.name} has no input ${name}`);
      return found;
    });
    const one = input(t, 'one', { dtype: 'float32', shape: [] });
    const found = gradients ? gradient(loss, [...parameters.values()], one) : [];
    const named = found.map((value, i): readonly [string, Tensor] => {
      const path = model.parameters[i]?.path ?? '';
      if (value === undefined) throw new Error(`the loss of ${model.name} does not depend on ${path}`);
      return [`d.${path}`, value];
    });
    return { outputs: { loss, ...Object.fromEntries(named) } };
  });

/** Values for all that a step is given: normal parameters, larger than those that training starts from. */
export function valuesOf(model: ModelCase): Readonly<Record<string, readonly number[]>> {
  const parameters = model.parameters.map(({ path, shape, start }, stream) => {
    const rest = start.kind === 'constant' ? start.value : start.kind === 'uniform' ? (start.from + start.to) / 2 : 0;
    const values = Array.from({ length: product(shape) }, (_, i) => {
      const [a, b] = philox([i, stream, 9, 0], [7, 7]);
      const normal = Math.sqrt(-2 * Math.log((a + 1) / 2 ** 32)) * Math.cos(2 * Math.PI * (b / 2 ** 32));
      return Math.fround(rest + (0.5 * normal) / Math.sqrt(Math.max(1, (shape.at(-1) ?? 1) / 8)));
    });
    return [path, values] as const;
  });
  const inputs = Object.entries(model.inputs).map(([name, { data }]) => [name, data] as const);
  return { ...Object.fromEntries([...parameters, ...inputs]), one: [1] };
}

/** Which outputs of a step on 2, 3 or 7 threads are not, bit for bit, those of one thread. */
export async function differentBits(
  model: ModelCase,
  { isa, form, precision }: { readonly isa: string; readonly form: Form; readonly precision: Precision },
): Promise<readonly string[]> {
  const graph = stepOf(model, { gradients: true });
  const values = valuesOf(model);
  const bitsOn = async (threads: number) => {
    const backend = nativeBackend({ threads, isa, form, immediate: false });
    const results = await backend.run(backend.compile(graph, { precision }), values);
    return Object.entries(results).map(
      ([name, data]) => [name, Buffer.from(data.buffer, data.byteOffset, data.byteLength)] as const,
    );
  };
  const first = new Map(await bitsOn(1));
  const loss = first.get('loss')?.readFloatLE() ?? Number.NaN;
  if (!Number.isFinite(loss)) throw new Error(`the loss of ${model.name} is ${loss}`);
  const found: string[] = [];
  for (const threads of [2, 3, 7])
    for (const [name, bits] of await bitsOn(threads))
      if (first.get(name)?.equals(bits) !== true) found.push(`${name} on ${threads} threads`);
  return found;
}
