import { add, crossEntropy, dropout, embedding, gru, linear, lstm, reshape, scoped, type Tensor } from '@octavo/engine';
import { invariant } from '../core/index.js';
import type { Parameters } from './gpt.js';
import type { ParameterSpec, Start } from './gpt-parameters.js';

// B batch, T time, D width of an embedding, H hidden units, G gates (4 of an LSTM, 3 of a GRU), V vocabulary
export interface RecurrentBase {
  /** Hochreiter and Schmidhuber 1997, or Cho et al. 2014 with the reset gate after the product, as PyTorch has it. */
  readonly kind: 'lstm' | 'gru';
  readonly vocabularySize: number;
  /** Of an embedding. */
  readonly width: number;
  /** Units of a layer, in one direction. */
  readonly hidden: number;
  readonly layers: number;
  /** Of what goes into a layer and of what leaves the last; never of a state. Source: Zaremba et al. 2014, arXiv 1409.2329. */
  readonly dropout: number;
}

/** A recurrent language model. Tied, it projects its states to the width of an embedding where that is another. */
export interface RecurrentConfig extends RecurrentBase {
  readonly tiedEmbeddings: boolean;
}

interface Dropped {
  /** Step and seed of dropout; absent where nothing is dropped. */
  readonly dropout?: { readonly step: Tensor; readonly seed: number };
}
export interface RecurrentInputs extends Dropped {
  /** int32 [B, T] */
  readonly tokens: Tensor;
}
const gatesOf = { lstm: 4, gru: 3 } as const;
const zero: Start = { kind: 'constant', value: 0 };
const normal = (deviation: number): Start => ({ kind: 'normal', deviation });
const within = (largest: number): Start => ({ kind: 'uniform', from: -largest, to: largest });
export const matrix = (
  path: string,
  rows: number,
  columns: number,
  start: Start = normal(columns ** -0.5),
): ParameterSpec => ({
  path,
  shape: [rows, columns],
  start,
  role: 'matrix',
});
export const vector = (path: string, size: number, start: Start = zero): ParameterSpec => ({
  path,
  shape: [size],
  start,
  role: 'vector',
});

/** Of a layer in one direction: G·H·(inputs + H + 2) numbers, which start as PyTorch's do. */
export const layerParameters = (
  { kind, hidden }: RecurrentBase,
  path: string,
  inputs: number,
): readonly ParameterSpec[] => {
  const [rows, start] = [gatesOf[kind] * hidden, within(hidden ** -0.5)];
  return [
    matrix(`${path}.input.weight`, rows, inputs, start),
    matrix(`${path}.hidden.weight`, rows, hidden, start),
    vector(`${path}.input.bias`, rows, start),
    vector(`${path}.hidden.bias`, rows, start),
  ];
};
export const table = ({ vocabularySize, width }: RecurrentBase): ParameterSpec => ({
  path: 'embedding.token',
  shape: [vocabularySize, width],
  start: normal(width ** -0.5),
  role: 'embedding',
});
export const each = <T>(count: number, make: (index: number) => readonly T[]): readonly T[] =>
  Array.from({ length: count }, (_, i) => make(i)).flat();

/** V·D + Σ over layers of G·H·(inputs + H + 2) + V, and V·H for an own head, or D·H for a projection that a tied one needs. */
export function recurrentParameters(config: RecurrentConfig): readonly ParameterSpec[] {
  const { vocabularySize, width, hidden, layers, tiedEmbeddings } = config;
  const head = tiedEmbeddings
    ? width === hidden
      ? []
      : [matrix('projection.weight', width, hidden)]
    : [matrix('head.weight', vocabularySize, hidden)];
  return [
    table(config),
    ...each(layers, (i) => layerParameters(config, `layers.${i}`, i === 0 ? width : hidden)),
    ...head,
    vector('head.bias', vocabularySize),
  ];
}

export const parameterOf = (parameters: Parameters, path: string): Tensor => {
  const found = parameters.get(path);
  invariant(found !== undefined, `the model has the parameter ${path}`);
  return found;
};

/** x: [B, T, ..] → states [B, T, H] of a layer in one direction. */
export function layer(
  { kind }: RecurrentBase,
  parameters: Parameters,
  path: string,
  x: Tensor,
  run: { readonly lengths?: Tensor; readonly reverse?: boolean } = {},
): Tensor {
  const of = (name: string): Tensor => parameterOf(parameters, `${path}.${name}`);
  const [weight, bias] = [of('hidden.weight'), of('hidden.bias')];
  // Of an LSTM both biases are one; the reset gate of a GRU scales the second.
  if (kind === 'gru') return gru({ gates: linear(x, of('input.weight'), of('input.bias')), weight, bias, ...run }).h;
  return lstm({ gates: linear(x, of('input.weight'), add(of('input.bias'), bias)), weight, ...run }).h;
}

export const dropper =
  (config: RecurrentBase, inputs: Dropped) =>
  (x: Tensor, stream: number): Tensor =>
    inputs.dropout === undefined || config.dropout === 0
      ? x
      : dropout(x, inputs.dropout.step, { rate: config.dropout, seed: inputs.dropout.seed, stream });

/** Tokens [B, T] → what the head reads [B, T, H], or [B, T, D] where embeddings are tied. */
function hiddenStates(config: RecurrentConfig, parameters: Parameters, inputs: RecurrentInputs): Tensor {
  const drop = dropper(config, inputs);
  let x = embedding(parameterOf(parameters, 'embedding.token'), inputs.tokens);
  for (let i = 0; i < config.layers; i++)
    x = scoped(x.trace, `layers.${i}`, () => layer(config, parameters, `layers.${i}`, drop(x, i)));
  x = drop(x, config.layers);
  return config.tiedEmbeddings && config.width !== config.hidden
    ? linear(x, parameterOf(parameters, 'projection.weight'))
    : x;
}
const headOf = (config: RecurrentConfig, parameters: Parameters) => ({
  weight: parameterOf(parameters, config.tiedEmbeddings ? 'embedding.token' : 'head.weight'),
  bias: parameterOf(parameters, 'head.bias'),
});

/** Logits of whole sequences: tokens [B, T] → [B, T, V]. */
export function recurrentLogits(config: RecurrentConfig, parameters: Parameters, inputs: RecurrentInputs): Tensor {
  const x = hiddenStates(config, parameters, inputs);
  const { weight, bias } = headOf(config, parameters);
  return scoped(x.trace, 'head', () => linear(x, weight, bias));
}

/** The weighted loss of the next tokens: targets int32 [B·T], weights float32 [B·T] → loss: [], losses: [B·T] in nats. */
export function recurrentLoss(
  config: RecurrentConfig,
  parameters: Parameters,
  inputs: RecurrentInputs & { readonly targets: Tensor; readonly weights: Tensor },
): { readonly loss: Tensor; readonly losses: Tensor } {
  const states = hiddenStates(config, parameters, inputs);
  const [batch = 1, time = 1, width = 1] = states.shape;
  const { targets, weights } = inputs;
  return scoped(states.trace, 'head', () =>
    crossEntropy({ x: reshape(states, [batch * time, width]), ...headOf(config, parameters), targets, weights }),
  );
}
