import {
  add,
  convolution,
  crossEntropy,
  embedding,
  exp,
  geluTanh,
  linear,
  linearScan,
  log,
  matmul,
  maximum,
  multiply,
  reshape,
  rmsNorm,
  scoped,
  sigmoid,
  sqrt,
  subtract,
  type Tensor,
} from '@octavo/engine';
import { invariant } from '../core/index.js';
import type { Parameters } from './gpt.js';
import type { ParameterSpec, Start } from './gpt-parameters.js';

// B batch, T time, D width, R width of the recurrence, K taps, F hidden width, V vocabulary
/** A language model without attention: what it remembers has one size. Source: De et al. 2024, arXiv 2402.19427 (Hawk). */
export interface LinearRecurrenceConfig {
  readonly vocabularySize: number;
  readonly depth: number;
  readonly width: number;
  /** Channels that are remembered. */
  readonly recurrentWidth: number;
  /** Tokens that the convolution before the recurrence sees. */
  readonly convolutionWidth: number;
  readonly feedForwardWidth: number;
  readonly normEpsilon: number;
}

/**
 * Every parameter in a fixed order: V·D + D and for each block 2·D + D·(3·R + 3·F) + R·(2·R + K + 4) of them; the output
 * matrix is the token embedding. Decays start between 0.9 and 0.999 a token, so that channels remember unequally long.
 */
export function linearRecurrenceParameters(config: LinearRecurrenceConfig): readonly ParameterSpec[] {
  const { vocabularySize, depth, width, recurrentWidth, convolutionWidth, feedForwardWidth } = config;
  const normal = (deviation: number): Start => ({ kind: 'normal', deviation });
  const matrix = (path: string, rows: number, columns: number, deviation = columns ** -0.5): ParameterSpec => ({
    path: `${path}.weight`,
    shape: [rows, columns],
    start: normal(deviation),
    role: 'matrix',
  });
  const vector = (path: string, size: number, start: Start): ParameterSpec => ({
    path,
    shape: [size],
    start,
    role: 'vector',
  });
  const constant = (value: number): Start => ({ kind: 'constant', value });
  const narrow = (columns: number): number => (2 * depth * columns) ** -0.5;
  const block = (path: string): readonly ParameterSpec[] => [
    vector(`${path}.recurrence.norm.gain`, width, constant(1)),
    matrix(`${path}.recurrence.gate`, recurrentWidth, width),
    matrix(`${path}.recurrence.input`, recurrentWidth, width),
    {
      path: `${path}.recurrence.convolution.weight`,
      shape: [recurrentWidth, convolutionWidth, 1],
      start: normal(convolutionWidth ** -0.5),
      role: 'vector',
    },
    vector(`${path}.recurrence.convolution.bias`, recurrentWidth, constant(0)),
    matrix(`${path}.recurrence.admit`, recurrentWidth, recurrentWidth),
    vector(`${path}.recurrence.admit.bias`, recurrentWidth, constant(0)),
    matrix(`${path}.recurrence.forget`, recurrentWidth, recurrentWidth),
    vector(`${path}.recurrence.forget.bias`, recurrentWidth, constant(0)),
    vector(`${path}.recurrence.decay`, recurrentWidth, { kind: 'uniform', from: -9, to: -4.3 }),
    matrix(`${path}.recurrence.output`, width, recurrentWidth, narrow(recurrentWidth)),
    vector(`${path}.feedForward.norm.gain`, width, constant(1)),
    matrix(`${path}.feedForward.gate`, feedForwardWidth, width),
    matrix(`${path}.feedForward.up`, feedForwardWidth, width),
    matrix(`${path}.feedForward.down`, width, feedForwardWidth, narrow(feedForwardWidth)),
  ];
  return [
    { path: 'embedding.token', shape: [vocabularySize, width], start: normal(0.02), role: 'embedding' },
    ...Array.from({ length: depth }, (_, i) => block(`blocks.${i}`)).flat(),
    vector('norm.gain', width, constant(1)),
  ];
}

const parameterOf = (parameters: Parameters, path: string): Tensor => {
  const found = parameters.get(path);
  invariant(found !== undefined, `the model has the parameter ${path}`);
  return found;
};

/** What a remembered channel loses at most a token: a gate r leaves softplus(λ)·r·this of −log a. */
const sharpness = 8;

/**
 * h_t = a_t ⊙ h_{t−1} + √(1 − a_t²) ⊙ i_t ⊙ x_t with a_t = exp(−8·softplus(λ)·r_t), gates i and r from x: [B, T, R].
 * The forget gate and all that is made of it stay float32: a decay near 1 has too few digits in 16 bits.
 */
function recur(parameters: Parameters, path: string, x: Tensor): Tensor {
  const of = (name: string): Tensor => parameterOf(parameters, `${path}.${name}`);
  const [batch = 1, time = 1, channels = 1] = x.shape;
  const rows = reshape(x, [batch * time, channels]);
  const products = matmul(rows, of('forget.weight'), { transposeB: true, full: true });
  const forget = reshape(sigmoid(add(products, of('forget.bias'))), x.shape);
  const rate = multiply(log(add(exp(of('decay')), 1)), -sharpness);
  const kept = exp(multiply(forget, rate));
  const admitted = multiply(sigmoid(linear(x, of('admit.weight'), of('admit.bias'))), x);
  // As much is admitted as is forgotten: the size of a state does not depend on how long it has been remembered.
  const fresh = sqrt(maximum(subtract(1, multiply(kept, kept)), 1e-6));
  return linearScan(kept, multiply(fresh, admitted));
}

/** Tokens [B, T] → hidden states [B, T, D]: pre-norm blocks around a residual stream. */
function hiddenStates(config: LinearRecurrenceConfig, parameters: Parameters, tokens: Tensor): Tensor {
  const of = (path: string): Tensor => parameterOf(parameters, path);
  const normalise = (path: string, x: Tensor): Tensor => rmsNorm(x, of(`${path}.gain`), config.normEpsilon);
  let x = embedding(of('embedding.token'), tokens);
  for (let layer = 0; layer < config.depth; layer++)
    x = scoped(tokens.trace, `blocks.${layer}`, () => {
      const [recurrence, feedForward] = [`blocks.${layer}.recurrence`, `blocks.${layer}.feedForward`];
      const remembered = scoped(tokens.trace, 'recurrence', () => {
        const own = normalise(`${recurrence}.norm`, x);
        const gate = geluTanh(linear(own, of(`${recurrence}.gate.weight`)));
        const mixed = convolution(
          linear(own, of(`${recurrence}.input.weight`)),
          of(`${recurrence}.convolution.weight`),
          of(`${recurrence}.convolution.bias`),
          { padding: [config.convolutionWidth - 1, 0], groups: config.recurrentWidth },
        );
        return linear(multiply(gate, recur(parameters, recurrence, mixed)), of(`${recurrence}.output.weight`));
      });
      const middle = add(x, remembered);
      return scoped(tokens.trace, 'feedForward', () => {
        const own = normalise(`${feedForward}.norm`, middle);
        const gate = geluTanh(linear(own, of(`${feedForward}.gate.weight`)));
        const inner = multiply(gate, linear(own, of(`${feedForward}.up.weight`)));
        return add(middle, linear(inner, of(`${feedForward}.down.weight`)));
      });
    });
  return normalise('norm', x);
}

/** Logits of whole sequences: tokens [B, T] → [B, T, V]. */
export function linearRecurrenceLogits(config: LinearRecurrenceConfig, parameters: Parameters, tokens: Tensor): Tensor {
  const x = hiddenStates(config, parameters, tokens);
  return scoped(x.trace, 'head', () => linear(x, parameterOf(parameters, 'embedding.token')));
}

/** The weighted loss of the next tokens: targets int32 [B·T], weights float32 [B·T] → loss: [], losses: [B·T] in nats. */
export function linearRecurrenceLoss(
  config: LinearRecurrenceConfig,
  parameters: Parameters,
  { tokens, targets, weights }: Readonly<Record<'tokens' | 'targets' | 'weights', Tensor>>,
): { readonly loss: Tensor; readonly losses: Tensor } {
  const [batch = 1, time = 1] = tokens.shape;
  const x = reshape(hiddenStates(config, parameters, tokens), [batch * time, config.width]);
  const weight = parameterOf(parameters, 'embedding.token');
  return scoped(x.trace, 'head', () => crossEntropy({ x, weight, targets, weights }));
}
