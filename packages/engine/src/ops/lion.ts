import { record, type Tensor } from '../trace/trace.js';
import { product } from '../types.js';
import type { StochasticRounding } from './adamw.js';
import { defineOp } from './define.js';

type LionAttributes = {
  readonly beta1: number;
  readonly beta2: number;
  /** Decoupled from the gradient. */
  readonly weightDecay: number;
} & StochasticRounding;

/**
 * One step of Lion in place; nothing changes where `applied` is 0.
 * p ← p(1 − rate · λ) − rate · sign(β₁m + (1 − β₁)g), m ← β₂m + (1 − β₂)g, with g = factor · gradient.
 *   parameter, gradient, momentum: any one shape; factor, applied: []; rate: [1]; step: int32 [], for a momentum in bfloat16.
 * Source: Chen et al. 2023, arXiv 2302.06675, algorithm 2.
 */
export const lionOp = defineOp({
  name: 'lion',
  inputs: ['parameter', 'gradient', 'momentum', 'factor', 'applied', 'rate'],
  optional: ['step'],
  outputs: ['newParameter', 'newMomentum'],
  inPlace: { newParameter: 'parameter', newMomentum: 'momentum' },
  mixed: { full: ['gradient'] },
  infer: ({ parameter, momentum }, _: LionAttributes) => ({ newParameter: parameter, newMomentum: momentum }),
  reference: (the, { beta1, beta2, weightDecay }) => {
    const [p, m] = [the.parameter, the.momentum].map(({ data }) => Float64Array.from(data));
    const rate = the.rate.data[0];
    if (the.applied.data[0] > 0)
      for (let i = 0; i < p.length; i++) {
        const g = the.gradient.data[i] * the.factor.data[0];
        p[i] = p[i] * (1 - rate * weightDecay) - rate * Math.sign(beta1 * m[i] + (1 - beta1) * g);
        m[i] = beta2 * m[i] + (1 - beta2) * g;
      }
    return { newParameter: { ...the.parameter, data: p }, newMomentum: { ...the.momentum, data: m } };
  },
  parameters: ({ parameter }, { beta1, beta2, weightDecay, seed = 0, stream = 0 }) => [
    product(parameter.shape),
    beta1,
    beta2,
    weightDecay,
    seed,
    stream,
  ],
});

export const lion = (
  the: Readonly<Record<'parameter' | 'gradient' | 'momentum' | 'factor' | 'applied' | 'rate', Tensor>> & {
    readonly step?: Tensor;
  },
  attributes: LionAttributes,
): Readonly<Record<'newParameter' | 'newMomentum', Tensor>> =>
  record(the.parameter.trace, lionOp, the, { ...attributes });
