import { concatenate, crf, crfDecode, embedding, linear, multiply, scoped, sum, type Tensor } from '@octavo/engine';
import type { Parameters } from './gpt.js';
import type { ParameterSpec } from './gpt-parameters.js';
import {
  dropper,
  each,
  layer,
  layerParameters,
  matrix,
  parameterOf,
  type RecurrentBase,
  type RecurrentInputs,
  table,
  vector,
} from './recurrent.js';

// B sentences, T words, H hidden units of a direction, D width of an embedding, G gates, V vocabulary, K tags
/** A tagger of words: layers in both directions and a CRF. Source: Huang, Xu and Yu 2015, arXiv 1508.01991. */
export interface TaggerConfig extends RecurrentBase {
  readonly tags: number;
}

export interface TaggerInputs extends RecurrentInputs {
  /** int32 [B]: words of each sentence; what follows them has no effect. */
  readonly lengths: Tensor;
}

const directions = ['forward', 'backward'] as const;

/** V·D + Σ over layers of 2·G·H·(inputs + H + 2) + K·(2·H + 1) + K² + 2·K. */
export function taggerParameters(config: TaggerConfig): readonly ParameterSpec[] {
  const { width, hidden, layers, tags } = config;
  return [
    table(config),
    ...each(layers, (i) =>
      directions.flatMap((direction) =>
        layerParameters(config, `layers.${i}.${direction}`, i === 0 ? width : 2 * hidden),
      ),
    ),
    matrix('head.weight', tags, 2 * hidden),
    vector('head.bias', tags),
    matrix('crf.transitions', tags, tags, { kind: 'constant', value: 0 }),
    vector('crf.start', tags),
    vector('crf.end', tags),
  ];
}

/** Scores of tags by the words around: tokens [B, T] → [B, T, K]. */
function tagScores(config: TaggerConfig, parameters: Parameters, inputs: TaggerInputs): Tensor {
  const drop = dropper(config, inputs);
  let x = embedding(parameterOf(parameters, 'embedding.token'), inputs.tokens);
  for (let i = 0; i < config.layers; i++)
    x = scoped(x.trace, `layers.${i}`, () => {
      const given = drop(x, i);
      const both = directions.map((direction) =>
        layer(config, parameters, `layers.${i}.${direction}`, given, {
          lengths: inputs.lengths,
          reverse: direction === 'backward',
        }),
      );
      return concatenate(both, 2);
    });
  const of = (path: string): Tensor => parameterOf(parameters, path);
  return scoped(x.trace, 'head', () => linear(drop(x, config.layers), of('head.weight'), of('head.bias')));
}
const chainOf = (parameters: Parameters) => ({
  transitions: parameterOf(parameters, 'crf.transitions'),
  start: parameterOf(parameters, 'crf.start'),
  end: parameterOf(parameters, 'crf.end'),
});

/** The weighted loss of whole sentences: tags int32 [B, T], weights float32 [B] → loss: [], losses: [B] in nats. */
export function taggerLoss(
  config: TaggerConfig,
  parameters: Parameters,
  inputs: TaggerInputs & { readonly tags: Tensor; readonly weights: Tensor },
): { readonly loss: Tensor; readonly losses: Tensor } {
  const x = tagScores(config, parameters, inputs);
  const { tags, lengths, weights } = inputs;
  const losses = crf({ x, ...chainOf(parameters), tags, lengths });
  return { loss: sum(multiply(losses, weights)), losses };
}

/** The best tags of each sentence, −1 past its end: [B, T] int32. */
export const taggerTags = (config: TaggerConfig, parameters: Parameters, inputs: TaggerInputs): Tensor =>
  crfDecode({ x: tagScores(config, parameters, inputs), ...chainOf(parameters), lengths: inputs.lengths }).tags;
