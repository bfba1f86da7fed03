import {
  add,
  attention,
  crossEntropy,
  embedding,
  geluTanh,
  linear,
  multiply,
  relativeBias,
  relu,
  reshape,
  rmsNorm,
  scoped,
  type Tensor,
} from '@octavo/engine';
import { invariant } from '../core/index.js';
import type { Parameters } from './gpt.js';
import type { ParameterSpec } from './gpt-parameters.js';

// B batch, S source time, T target time, D width, V vocabulary
/** Text to text: an encoder, and a decoder that reads it. Source: Raffel et al. 2019, arXiv 1910.10683 (T5). */
export interface EncoderDecoderConfig {
  readonly vocabularySize: number;
  readonly width: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly feedForwardWidth: number;
  readonly encoderDepth: number;
  readonly decoderDepth: number;
  /** Of the bias by distance, which the layers of a stack share. */
  readonly buckets: number;
  readonly maxDistance: number;
  readonly activation: 'relu' | 'gated-gelu';
  readonly normEpsilon: number;
}

export interface EncoderDecoderInputs {
  /** int32 [B, S] */
  readonly source: Tensor;
  /** int32 [B]: tokens of each source; what follows them is not seen. */
  readonly lengths: Tensor;
  /** int32 [B, T]: what the decoder has said so far, a start token first. */
  readonly said: Tensor;
}

/** Every parameter in a fixed order; the output matrix is the token embedding. */
export function encoderDecoderParameters(config: EncoderDecoderConfig): readonly ParameterSpec[] {
  const { vocabularySize, width, heads, headWidth, feedForwardWidth, buckets } = config;
  const inner = heads * headWidth;
  const normal = (deviation: number) => ({ kind: 'normal', deviation }) as const;
  const matrix = (path: string, rows: number, columns: number): ParameterSpec => ({
    path: `${path}.weight`,
    shape: [rows, columns],
    start: normal(columns ** -0.5),
    role: 'matrix',
  });
  const norm = (path: string): ParameterSpec => ({
    path: `${path}.gain`,
    shape: [width],
    start: { kind: 'constant', value: 1 },
    role: 'vector',
  });
  // Scores are not scaled, so queries start smaller by √W.
  const queries = (path: string): ParameterSpec => ({
    ...matrix(path, inner, width),
    start: normal((width * headWidth) ** -0.5),
  });
  const stack = (name: 'encoder' | 'decoder', depth: number): readonly ParameterSpec[] => [
    { path: `${name}.distance`, shape: [buckets, heads], start: normal(width ** -0.5), role: 'vector' },
    ...Array.from({ length: depth }, (_, i) => {
      const path = `${name}.blocks.${i}`;
      const reader = (part: string): readonly ParameterSpec[] => [
        norm(`${path}.${part}.norm`),
        queries(`${path}.${part}.query`),
        matrix(`${path}.${part}.keyValue`, 2 * inner, width),
        matrix(`${path}.${part}.output`, width, inner),
      ];
      return [
        ...reader('attention'),
        ...(name === 'decoder' ? reader('cross') : []),
        norm(`${path}.feedForward.norm`),
        ...(config.activation === 'gated-gelu' ? [matrix(`${path}.feedForward.gate`, feedForwardWidth, width)] : []),
        matrix(`${path}.feedForward.up`, feedForwardWidth, width),
        matrix(`${path}.feedForward.down`, width, feedForwardWidth),
      ];
    }).flat(),
    norm(`${name}.norm`),
  ];
  return [
    { path: 'embedding.token', shape: [vocabularySize, width], start: normal(1), role: 'embedding' },
    ...stack('encoder', config.encoderDepth),
    ...stack('decoder', config.decoderDepth),
  ];
}

const parameterOf = (parameters: Parameters, path: string): Tensor => {
  const found = parameters.get(path);
  invariant(found !== undefined, `the model has the parameter ${path}`);
  return found;
};
const project = (parameters: Parameters, path: string, x: Tensor): Tensor =>
  linear(x, parameterOf(parameters, `${path}.weight`));
const normalise = (config: EncoderDecoderConfig, parameters: Parameters, path: string, x: Tensor): Tensor =>
  rmsNorm(x, parameterOf(parameters, `${path}.gain`), config.normEpsilon);

interface Reading {
  readonly memory: Tensor;
  readonly ends?: Tensor;
  readonly bias?: Tensor;
  readonly causal: boolean;
}

/** What a normalised x reads from a memory: scores are not scaled. */
function read(config: EncoderDecoderConfig, parameters: Parameters, path: string, x: Tensor, the: Reading): Tensor {
  const { heads, headWidth } = config;
  const operands = {
    qkv: project(parameters, `${path}.query`, x),
    memory: project(parameters, `${path}.keyValue`, the.memory),
    ends: the.ends,
    bias: the.bias,
  };
  const choices = { heads, keyValueHeads: heads, headWidth, causal: the.causal, scale: 1 };
  return project(parameters, `${path}.output`, attention(operands, choices));
}

function feedForward(config: EncoderDecoderConfig, parameters: Parameters, path: string, x: Tensor): Tensor {
  const up = project(parameters, `${path}.up`, x);
  const inner =
    config.activation === 'relu' ? relu(up) : multiply(geluTanh(project(parameters, `${path}.gate`, x)), up);
  return project(parameters, `${path}.down`, inner);
}

/** One stack over ids [B, N] → [B, N, D]; the decoder's also reads `encoded`. */
function stack(
  config: EncoderDecoderConfig,
  parameters: Parameters,
  ids: Tensor,
  lengths: Tensor,
  encoded?: Tensor,
): Tensor {
  const [name, depth] = encoded === undefined ? ['encoder', config.encoderDepth] : ['decoder', config.decoderDepth];
  const causal = encoded !== undefined;
  const [, time = 1] = ids.shape;
  const bias = relativeBias(parameterOf(parameters, `${name}.distance`), {
    queries: time,
    keys: time,
    causal,
    maxDistance: config.maxDistance,
  });
  let x = embedding(parameterOf(parameters, 'embedding.token'), ids);
  for (let layer = 0; layer < depth; layer++)
    x = scoped(ids.trace, `${name}.blocks.${layer}`, () => {
      const path = `${name}.blocks.${layer}`;
      // What a part of the block adds to the stream: what it makes of the normalised stream.
      const part = (
        kind: 'attention' | 'cross' | 'feedForward',
        stream: Tensor,
        make: (own: Tensor) => Tensor,
      ): Tensor =>
        scoped(ids.trace, kind, () => add(stream, make(normalise(config, parameters, `${path}.${kind}.norm`, stream))));
      const seen = causal ? {} : { ends: lengths };
      let y = part('attention', x, (own) =>
        read(config, parameters, `${path}.attention`, own, { memory: own, bias, causal, ...seen }),
      );
      if (encoded !== undefined)
        y = part('cross', y, (own) =>
          read(config, parameters, `${path}.cross`, own, { memory: encoded, ends: lengths, causal: false }),
        );
      return part('feedForward', y, (own) => feedForward(config, parameters, `${path}.feedForward`, own));
    });
  return normalise(config, parameters, `${name}.norm`, x);
}

/** Hidden states of the decoder, scaled for the tied head: [B, T, D]. */
function decoded(config: EncoderDecoderConfig, parameters: Parameters, inputs: EncoderDecoderInputs): Tensor {
  const encoded = stack(config, parameters, inputs.source, inputs.lengths);
  const x = stack(config, parameters, inputs.said, inputs.lengths, encoded);
  return multiply(x, config.width ** -0.5);
}

/** Logits after each said token: [B, T, V]. */
export function encoderDecoderLogits(
  config: EncoderDecoderConfig,
  parameters: Parameters,
  inputs: EncoderDecoderInputs,
): Tensor {
  const x = decoded(config, parameters, inputs);
  return scoped(x.trace, 'head', () => linear(x, parameterOf(parameters, 'embedding.token')));
}

/** The weighted loss of the next tokens: targets int32 [B·T], weights float32 [B·T] → loss: [], losses: [B·T] in nats. */
export function encoderDecoderLoss(
  config: EncoderDecoderConfig,
  parameters: Parameters,
  inputs: EncoderDecoderInputs & { readonly targets: Tensor; readonly weights: Tensor },
): { readonly loss: Tensor; readonly losses: Tensor } {
  const [batch = 1, time = 1] = inputs.said.shape;
  const { targets, weights } = inputs;
  const x = reshape(decoded(config, parameters, inputs), [batch * time, config.width]);
  return scoped(x.trace, 'head', () =>
    crossEntropy({ x, weight: parameterOf(parameters, 'embedding.token'), targets, weights }),
  );
}
