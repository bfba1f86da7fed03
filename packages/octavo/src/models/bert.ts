import {
  add,
  attention,
  crossEntropy,
  embedding,
  gelu,
  layerNorm,
  linear,
  reshape,
  scoped,
  type Tensor,
} from '@octavo/engine';
import { invariant } from '../core/index.js';
import type { Parameters } from './gpt.js';
import type { ParameterSpec } from './gpt-parameters.js';

// B batch, T time, D width, V vocabulary, M masked positions of a batch
/** An encoder that reads both ways. Source: Devlin et al. 2018, arXiv 1810.04805. */
export interface BertConfig {
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly segments: number;
  readonly depth: number;
  readonly width: number;
  readonly heads: number;
  readonly feedForwardWidth: number;
  readonly normEpsilon: number;
}

export interface BertInputs {
  /** int32 [B, T] */
  readonly tokens: Tensor;
  /** int32 [B, T] */
  readonly positions: Tensor;
  /** int32 [B, T] */
  readonly segments: Tensor;
  /** int32 [B]: tokens of each row; what follows them is not seen. */
  readonly lengths?: Tensor;
}

/** Every parameter of the encoder and of its masked-language head, whose matrix is the token embedding. */
export function bertParameters(config: BertConfig): readonly ParameterSpec[] {
  const { vocabularySize, contextLength, segments, depth, width, feedForwardWidth } = config;
  const normal = { kind: 'normal', deviation: 0.02 } as const;
  const constant = (value: number) => ({ kind: 'constant', value }) as const;
  const table = (path: string, rows: number): ParameterSpec => ({
    path: `embedding.${path}`,
    shape: [rows, width],
    start: normal,
    role: 'embedding',
  });
  const vector = (path: string, size: number, value = 0): ParameterSpec => ({
    path,
    shape: [size],
    start: constant(value),
    role: 'vector',
  });
  const norm = (path: string): readonly ParameterSpec[] => [
    vector(`${path}.gain`, width, 1),
    vector(`${path}.bias`, width),
  ];
  const project = (path: string, rows: number, columns: number): readonly ParameterSpec[] => [
    { path: `${path}.weight`, shape: [rows, columns], start: normal, role: 'matrix' },
    vector(`${path}.bias`, rows),
  ];
  return [
    table('token', vocabularySize),
    table('position', contextLength),
    table('segment', segments),
    ...norm('embedding.norm'),
    ...Array.from({ length: depth }, (_, i) => [
      ...project(`blocks.${i}.attention.qkv`, 3 * width, width),
      ...project(`blocks.${i}.attention.output`, width, width),
      ...norm(`blocks.${i}.attention.norm`),
      ...project(`blocks.${i}.feedForward.up`, feedForwardWidth, width),
      ...project(`blocks.${i}.feedForward.down`, width, feedForwardWidth),
      ...norm(`blocks.${i}.feedForward.norm`),
    ]).flat(),
    ...project('head.transform', width, width),
    ...norm('head.norm'),
    vector('head.bias', vocabularySize),
  ];
}

const parameterOf = (parameters: Parameters, path: string): Tensor => {
  const found = parameters.get(path);
  invariant(found !== undefined, `the model has the parameter ${path}`);
  return found;
};
const project = (parameters: Parameters, path: string, x: Tensor): Tensor =>
  linear(x, parameterOf(parameters, `${path}.weight`), parameterOf(parameters, `${path}.bias`));
const normalise = (config: BertConfig, parameters: Parameters, path: string, x: Tensor): Tensor =>
  layerNorm(x, parameterOf(parameters, `${path}.gain`), parameterOf(parameters, `${path}.bias`), config.normEpsilon);

/** Tokens [B, T] → hidden states [B, T, D]: each sum is normalised after its block. */
function bertHidden(config: BertConfig, parameters: Parameters, inputs: BertInputs): Tensor {
  const { depth, heads, width } = config;
  const { trace } = inputs.tokens;
  const look = (name: string, ids: Tensor): Tensor => embedding(parameterOf(parameters, `embedding.${name}`), ids);
  const embedded = add(
    add(look('token', inputs.tokens), look('position', inputs.positions)),
    look('segment', inputs.segments),
  );
  let x = normalise(config, parameters, 'embedding.norm', embedded);
  for (let layer = 0; layer < depth; layer++)
    x = scoped(trace, `blocks.${layer}`, () => {
      const path = `blocks.${layer}`;
      const middle = scoped(trace, 'attention', () => {
        const qkv = project(parameters, `${path}.attention.qkv`, x);
        const y = attention(
          { qkv, ends: inputs.lengths },
          { heads, keyValueHeads: heads, headWidth: width / heads, causal: false },
        );
        const sum = add(x, project(parameters, `${path}.attention.output`, y));
        return normalise(config, parameters, `${path}.attention.norm`, sum);
      });
      return scoped(trace, 'feedForward', () => {
        const up = gelu(project(parameters, `${path}.feedForward.up`, middle));
        const sum = add(middle, project(parameters, `${path}.feedForward.down`, up));
        return normalise(config, parameters, `${path}.feedForward.norm`, sum);
      });
    });
  return x;
}

/** Hidden states of any number of tokens → what the token embedding is multiplied by. */
const transform = (config: BertConfig, parameters: Parameters, x: Tensor): Tensor =>
  normalise(config, parameters, 'head.norm', gelu(project(parameters, 'head.transform', x)));

/** Logits of every token: tokens [B, T] → [B, T, V]. */
export function bertLogits(config: BertConfig, parameters: Parameters, inputs: BertInputs): Tensor {
  const x = bertHidden(config, parameters, inputs);
  return scoped(x.trace, 'head', () =>
    linear(
      transform(config, parameters, x),
      parameterOf(parameters, 'embedding.token'),
      parameterOf(parameters, 'head.bias'),
    ),
  );
}

/**
 * The weighted loss of masked tokens, which are gathered before the head.
 *   masked: int32 [M], flat indices into [B·T]; targets: int32 [M]; weights: float32 [M] → loss: [], losses: [M] in nats.
 */
export function bertLoss(
  config: BertConfig,
  parameters: Parameters,
  inputs: BertInputs & { readonly masked: Tensor; readonly targets: Tensor; readonly weights: Tensor },
): { readonly loss: Tensor; readonly losses: Tensor } {
  const [batch = 1, time = 1] = inputs.tokens.shape;
  const x = reshape(bertHidden(config, parameters, inputs), [batch * time, config.width]);
  return scoped(x.trace, 'head', () =>
    crossEntropy({
      x: transform(config, parameters, embedding(x, inputs.masked)),
      weight: parameterOf(parameters, 'embedding.token'),
      bias: parameterOf(parameters, 'head.bias'),
      targets: inputs.targets,
      weights: inputs.weights,
    }),
  );
}
