import {
  add,
  concatenate,
  convolution,
  crossEntropy,
  dropout,
  embedding,
  linear,
  maximumOver,
  relu,
  reshape,
  scoped,
  type Tensor,
} from '@octavo/engine';
import { invariant } from '../core/index.js';
import type { Parameters } from './gpt.js';
import type { ParameterSpec } from './gpt-parameters.js';

// B batch, T time, D width, F filters of each width, C classes
/** A convolutional classifier of texts. Source: Kim 2014, arXiv 1408.5882. */
export interface TextCnnConfig {
  readonly vocabularySize: number;
  /** Of an embedding. */
  readonly width: number;
  /** How many tokens a filter sees: one set of filters for each of these. */
  readonly filterWidths: readonly number[];
  /** Filters in a set. */
  readonly filters: number;
  readonly classes: number;
  readonly dropout: number;
}

export interface TextCnnInputs {
  /** int32 [B, T] */
  readonly tokens: Tensor;
  /** int32 [B]: tokens of each text; what follows them has no effect. */
  readonly lengths: Tensor;
  /** Step and seed of dropout; absent where nothing is dropped. */
  readonly dropout?: { readonly step: Tensor; readonly seed: number };
}

/** Every parameter in a fixed order: V·D + Σ over widths w of (F·w·D + F) + C·F·(number of widths) + C of them. */
export function textCnnParameters(config: TextCnnConfig): readonly ParameterSpec[] {
  const { vocabularySize, width, filterWidths, filters, classes } = config;
  const normal = (deviation: number) => ({ kind: 'normal', deviation }) as const;
  const zero = { kind: 'constant', value: 0 } as const;
  const features = filters * filterWidths.length;
  return [
    { path: 'embedding.token', shape: [vocabularySize, width], start: normal(0.15), role: 'embedding' },
    ...filterWidths.flatMap((taps): readonly ParameterSpec[] => [
      {
        path: `convolutions.${taps}.weight`,
        shape: [filters, taps, width],
        start: normal(1 / Math.sqrt(taps * width)),
        role: 'matrix',
      },
      { path: `convolutions.${taps}.bias`, shape: [filters], start: zero, role: 'vector' },
    ]),
    { path: 'head.weight', shape: [classes, features], start: normal(1 / Math.sqrt(features)), role: 'matrix' },
    { path: 'head.bias', shape: [classes], start: zero, role: 'vector' },
  ];
}

const parameterOf = (parameters: Parameters, path: string): Tensor => {
  const found = parameters.get(path);
  invariant(found !== undefined, `the model has the parameter ${path}`);
  return found;
};

/**
 * Tokens [B, T] → features [B, F·widths]: of each filter the largest answer anywhere in the text. A window ends at its
 * token and sees zeros before the first, so that texts shorter than a filter have one too. Bias and rectifier come after
 * the maximum, which they do not move.
 */
function features(config: TextCnnConfig, parameters: Parameters, inputs: TextCnnInputs): Tensor {
  const { filterWidths, filters } = config;
  const [batch = 0] = inputs.tokens.shape;
  const x = embedding(parameterOf(parameters, 'embedding.token'), inputs.tokens);
  const sets = filterWidths.map((taps) =>
    scoped(x.trace, `convolutions.${taps}`, () => {
      const path = `convolutions.${taps}`;
      const answers = convolution(x, parameterOf(parameters, `${path}.weight`), undefined, { padding: [taps - 1, 0] });
      const strongest = reshape(maximumOver(answers, 1, inputs.lengths).y, [batch, filters]);
      return relu(add(strongest, parameterOf(parameters, `${path}.bias`)));
    }),
  );
  const joined = concatenate(sets, 1);
  return inputs.dropout === undefined || config.dropout === 0
    ? joined
    : dropout(joined, inputs.dropout.step, { rate: config.dropout, seed: inputs.dropout.seed, stream: 0 });
}

/** Logits of each text: tokens [B, T] → [B, C]. */
export function textCnnLogits(config: TextCnnConfig, parameters: Parameters, inputs: TextCnnInputs): Tensor {
  const x = features(config, parameters, inputs);
  return scoped(x.trace, 'head', () =>
    linear(x, parameterOf(parameters, 'head.weight'), parameterOf(parameters, 'head.bias')),
  );
}

/** The weighted loss of classes: targets int32 [B], weights float32 [B] → loss: [], losses: [B] in nats. */
export function textCnnLoss(
  config: TextCnnConfig,
  parameters: Parameters,
  inputs: TextCnnInputs & { readonly targets: Tensor; readonly weights: Tensor },
): { readonly loss: Tensor; readonly losses: Tensor } {
  const x = features(config, parameters, inputs);
  const { targets, weights } = inputs;
  return scoped(x.trace, 'head', () =>
    crossEntropy({
      x,
      weight: parameterOf(parameters, 'head.weight'),
      bias: parameterOf(parameters, 'head.bias'),
      targets,
      weights,
    }),
  );
}
