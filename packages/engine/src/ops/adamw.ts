import { record, type Tensor } from '../trace/trace.js';
import { product } from '../types.js';
import { defineOp } from './define.js';

type AdamwAttributes = {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
} & StochasticRounding;

/**
 * Moments in bfloat16 are rounded stochastically: element i of the first (second) moment goes up where its 16 dropped bits
 * and the random ones carry. Random bits are half i mod 8 of Philox((⌊i/8⌋, step, stream, 0 or 1), (seed, 0)).
 */
export type StochasticRounding = { readonly seed?: number; readonly stream?: number };

/**
 * One AdamW update in place, with decoupled weight decay; nothing changes where `applied` is 0.
 *   parameter, gradient, first, second: any one shape; factor, applied: [] from gradientScale;
 *   rates: [3] = (learning rate, 1 − β₁ᵗ, 1 − β₂ᵗ); step: int32 [], for moments in bfloat16. Source: Loshchilov and Hutter 2017, arXiv 1711.05101, algorithm 2.
 */
export const adamwOp = defineOp({
  name: 'adamw',
  inputs: ['parameter', 'gradient', 'first', 'second', 'factor', 'applied', 'rates'],
  optional: ['step'],
  outputs: ['newParameter', 'newFirst', 'newSecond'],
  inPlace: { newParameter: 'parameter', newFirst: 'first', newSecond: 'second' },
  mixed: { full: ['gradient'] },
  infer: ({ parameter, first, second }, _: AdamwAttributes) => ({
    newParameter: parameter,
    newFirst: first,
    newSecond: second,
  }),
  reference: (
    { parameter, gradient, first, second, factor, applied, rates },
    { beta1, beta2, epsilon, weightDecay },
  ) => {
    const [rate, correction1, correction2] = rates.data;
    const [p, m, v] = [parameter, first, second].map((dense) => Float64Array.from(dense.data));
    if (applied.data[0] > 0)
      for (let i = 0; i < p.length; i++) {
        const g = gradient.data[i] * factor.data[0];
        m[i] = beta1 * m[i] + (1 - beta1) * g;
        v[i] = beta2 * v[i] + (1 - beta2) * g * g;
        p[i] =
          p[i] * (1 - rate * weightDecay) - (rate * (m[i] / correction1)) / (Math.sqrt(v[i] / correction2) + epsilon);
      }
    return {
      newParameter: { shape: parameter.shape, data: p },
      newFirst: { shape: first.shape, data: m },
      newSecond: { shape: second.shape, data: v },
    };
  },
  parameters: ({ parameter }, { beta1, beta2, epsilon, weightDecay, seed = 0, stream = 0 }) => [
    product(parameter.shape),
    beta1,
    beta2,
    epsilon,
    weightDecay,
    seed,
    stream,
  ],
});

export const adamw = (
  the: Readonly<Record<'parameter' | 'gradient' | 'first' | 'second' | 'factor' | 'applied' | 'rates', Tensor>> & {
    readonly step?: Tensor;
  },
  attributes: AdamwAttributes,
): Readonly<Record<'newParameter' | 'newFirst' | 'newSecond', Tensor>> =>
  record(the.parameter.trace, adamwOp, the, { ...attributes });
