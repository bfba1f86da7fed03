/** Any model of this room by one face: what it declares, what it is given, and its functions. */
import { type Graph, input, product, type Tensor, type TensorType, type Trace, trace } from '@octavo/engine';
import { invariant } from '../core/index.js';
import { type BertConfig, bertLogits, bertLoss, bertParameters } from './bert.js';
import {
  type EncoderDecoderConfig,
  encoderDecoderLogits,
  encoderDecoderLoss,
  encoderDecoderParameters,
} from './encoder-decoder.js';
import { gptLogits, gptLoss, type Parameters } from './gpt.js';
import type { GptConfig } from './gpt-config.js';
import { gptParameters, type ParameterSpec } from './gpt-parameters.js';
import {
  type LinearRecurrenceConfig,
  linearRecurrenceLogits,
  linearRecurrenceLoss,
  linearRecurrenceParameters,
} from './linear-recurrence.js';
import { type RecurrentConfig, recurrentLogits, recurrentLoss, recurrentParameters } from './recurrent.js';
import { type TaggerConfig, taggerLoss, taggerParameters, taggerTags } from './tagger.js';
import { type TextCnnConfig, textCnnLogits, textCnnLoss, textCnnParameters } from './text-cnn.js';

// B sequences, T tokens of each

interface Configs {
  readonly gpt: GptConfig;
  readonly bert: BertConfig;
  readonly 'encoder-decoder': EncoderDecoderConfig;
  readonly 'text-cnn': TextCnnConfig;
  readonly recurrent: RecurrentConfig;
  readonly tagger: TaggerConfig;
  readonly 'linear-recurrence': LinearRecurrenceConfig;
}

export type ArchitectureName = keyof Configs;

/** An architecture with its sizes. */
export type Model<A extends ArchitectureName = ArchitectureName> = {
  readonly [K in A]: { readonly architecture: K; readonly config: Configs[K] };
}[A];

export interface BatchSize {
  readonly sequences: number;
  readonly length: number;
  /** Of an encoder–decoder the tokens that it has said, where they are not as many. */
  readonly said?: number;
}

/** An input of a step, and what numbers make sense in it. */
export interface InputSpec {
  readonly type: TensorType;
  /**
   * `tokens`: ids that are read, below `count`; `ids`: other numbers below `count`; `places`: 0, 1, 2 … along the last axis;
   * `count` itself everywhere (lengths, a step); `shares` that add up to 1.
   */
  readonly holds: 'tokens' | 'ids' | 'places' | 'count' | 'shares';
  readonly count: number;
}

/** Inputs by name; each is declared where it is first asked for. */
type Given = (name: string) => Tensor;

export interface ModelFunction {
  readonly parameters: readonly ParameterSpec[];
  /** The most tokens of a sequence, where there is such a limit. */
  readonly longest: number | undefined;
  readonly inputs: (size: BatchSize) => Readonly<Record<string, InputSpec>>;
  /** Logits, or the tags of a tagger. */
  readonly output: (parameters: Parameters, given: Given) => Tensor;
  /** What training makes small: []. */
  readonly loss: (parameters: Parameters, given: Given) => Tensor;
}

const int32 = (holds: InputSpec['holds'], shape: readonly number[], count = 0): InputSpec => ({
  type: { dtype: 'int32', shape },
  holds,
  count,
});
const shares = (size: number): InputSpec => ({
  type: { dtype: 'float32', shape: [size] },
  holds: 'shares',
  count: size,
});
const step = int32('count', [], 0);

/** Operands by name, as a model function wants them; that all are there is known here alone. */
const named = <const N extends string>(given: Given, names: readonly N[]): Readonly<Record<N, Tensor>> =>
  Object.fromEntries(names.map((name) => [name, given(name)])) as Record<N, Tensor>;

const dropped = ({ dropout }: { readonly dropout: number }, given: Given) =>
  dropout === 0 ? {} : { dropout: { step: given('step'), seed: 0 } };

/** Tokens, and the next of each as target: of a language model. */
const nextTokens = (vocabularySize: number, { sequences, length }: BatchSize) => ({
  tokens: int32('tokens', [sequences, length], vocabularySize),
  targets: int32('ids', [sequences * length], vocabularySize),
  weights: shares(sequences * length),
});

type Faces = { readonly [A in keyof Configs]: (config: Configs[A]) => ModelFunction };

const faces: Faces = {
  gpt: (config) => ({
    parameters: gptParameters(config),
    longest: config.contextLength,
    inputs: (size) => ({
      ...nextTokens(config.vocabularySize, size),
      positions: int32('places', [size.sequences, size.length]),
      step,
    }),
    output: (parameters, given) => gptLogits(config, parameters, named(given, ['tokens', 'positions'])),
    loss: (parameters, given) =>
      gptLoss(config, parameters, {
        ...named(given, ['tokens', 'positions', 'targets', 'weights']),
        ...dropped(config, given),
      }).objective,
  }),
  bert: (config) => ({
    parameters: bertParameters(config),
    longest: config.contextLength,
    inputs: ({ sequences, length }) => {
      const masked = Math.ceil(0.15 * sequences * length);
      return {
        tokens: int32('tokens', [sequences, length], config.vocabularySize),
        positions: int32('places', [sequences, length]),
        segments: int32('ids', [sequences, length], 1),
        masked: int32('ids', [masked], sequences * length),
        targets: int32('ids', [masked], config.vocabularySize),
        weights: shares(masked),
      };
    },
    output: (parameters, given) => bertLogits(config, parameters, named(given, ['tokens', 'positions', 'segments'])),
    loss: (parameters, given) =>
      bertLoss(config, parameters, named(given, ['tokens', 'positions', 'segments', 'masked', 'targets', 'weights']))
        .loss,
  }),
  'encoder-decoder': (config) => ({
    parameters: encoderDecoderParameters(config),
    longest: undefined,
    inputs: ({ sequences, length, said = length }) => ({
      source: int32('tokens', [sequences, length], config.vocabularySize),
      lengths: int32('count', [sequences], length),
      said: int32('tokens', [sequences, said], config.vocabularySize),
      targets: int32('ids', [sequences * said], config.vocabularySize),
      weights: shares(sequences * said),
    }),
    output: (parameters, given) =>
      encoderDecoderLogits(config, parameters, named(given, ['source', 'lengths', 'said'])),
    loss: (parameters, given) =>
      encoderDecoderLoss(config, parameters, named(given, ['source', 'lengths', 'said', 'targets', 'weights'])).loss,
  }),
  'text-cnn': (config) => ({
    parameters: textCnnParameters(config),
    longest: undefined,
    inputs: ({ sequences, length }) => ({
      tokens: int32('tokens', [sequences, length], config.vocabularySize),
      lengths: int32('count', [sequences], length),
      targets: int32('ids', [sequences], config.classes),
      weights: shares(sequences),
      step,
    }),
    output: (parameters, given) => textCnnLogits(config, parameters, named(given, ['tokens', 'lengths'])),
    loss: (parameters, given) =>
      textCnnLoss(config, parameters, {
        ...named(given, ['tokens', 'lengths', 'targets', 'weights']),
        ...dropped(config, given),
      }).loss,
  }),
  recurrent: (config) => ({
    parameters: recurrentParameters(config),
    longest: undefined,
    inputs: (size) => ({ ...nextTokens(config.vocabularySize, size), step }),
    output: (parameters, given) => recurrentLogits(config, parameters, named(given, ['tokens'])),
    loss: (parameters, given) =>
      recurrentLoss(config, parameters, {
        ...named(given, ['tokens', 'targets', 'weights']),
        ...dropped(config, given),
      }).loss,
  }),
  tagger: (config) => ({
    parameters: taggerParameters(config),
    longest: undefined,
    inputs: ({ sequences, length }) => ({
      tokens: int32('tokens', [sequences, length], config.vocabularySize),
      lengths: int32('count', [sequences], length),
      tags: int32('ids', [sequences, length], config.tags),
      weights: shares(sequences),
      step,
    }),
    output: (parameters, given) => taggerTags(config, parameters, named(given, ['tokens', 'lengths'])),
    loss: (parameters, given) =>
      taggerLoss(config, parameters, {
        ...named(given, ['tokens', 'lengths', 'tags', 'weights']),
        ...dropped(config, given),
      }).loss,
  }),
  'linear-recurrence': (config) => ({
    parameters: linearRecurrenceParameters(config),
    longest: undefined,
    inputs: (size) => nextTokens(config.vocabularySize, size),
    output: (parameters, given) => linearRecurrenceLogits(config, parameters, given('tokens')),
    loss: (parameters, given) =>
      linearRecurrenceLoss(config, parameters, named(given, ['tokens', 'targets', 'weights'])).loss,
  }),
};

export const functionOf = <A extends keyof Configs>({ architecture, config }: Model<A>): ModelFunction =>
  faces[architecture](config);

/** Parameters as `parameter:<path>` and inputs as they are asked for, then `output`: the model function as a graph. */
export const outputGraph = ({ parameters, inputs, output }: ModelFunction, size: BatchSize): Graph =>
  trace((building) => ({
    outputs: { logits: output(parameterInputs(building, parameters), givenIn(building, inputs(size))) },
  }));

export const parameterInputs = (building: Trace, specs: readonly ParameterSpec[]): Parameters =>
  new Map(specs.map(({ path, shape }) => [path, input(building, `parameter:${path}`, { dtype: 'float32', shape })]));

/** Declares each input of a step when it is first asked for. */
export function givenIn(building: Trace, inputs: Readonly<Record<string, InputSpec>>): Given {
  const declared = new Map<string, Tensor>();
  return (name) => {
    const known = declared.get(name);
    if (known !== undefined) return known;
    const spec = inputs[name];
    invariant(spec !== undefined, `the model is given ${name}`);
    const made = input(building, name, spec.type);
    declared.set(name, made);
    return made;
  };
}

/** Made-up numbers for an input, the same in every run. */
export function madeUp({ type, holds, count }: InputSpec): Int32Array | Float32Array {
  const size = product(type.shape);
  const [last = 1] = type.shape.slice(-1);
  if (holds === 'shares') return new Float32Array(size).fill(1 / count);
  return Int32Array.from({ length: size }, (_, i) => {
    if (holds === 'count') return count;
    return holds === 'places' ? i % last : (Math.imul(i + 1, 2654435761) >>> 8) % count;
  });
}
