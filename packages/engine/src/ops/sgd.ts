import { record, type Tensor } from '../trace/trace.js';
import { product } from '../types.js';
import type { StochasticRounding } from './adamw.js';
import { defineOp } from './define.js';

type SgdAttributes = {
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Added to the gradient, times the parameter. */
  readonly weightDecay: number;
} & StochasticRounding;

/**
 * One step of gradient descent with momentum in place; nothing changes where `applied` is 0.
 * g ← factor · gradient + λp, m ← μm + g, p ← p − rate · m, or p − rate · (g + μm) with Nesterov's.
 *   parameter, gradient, momentum: any one shape; factor, applied: []; rate: [1]; step: int32 [], for a momentum in bfloat16.
 * Source: Sutskever et al. 2013, in the form of torch.optim.SGD without dampening.
 */
export const sgdOp = defineOp({
  name: 'sgd',
  inputs: ['parameter', 'gradient', 'momentum', 'factor', 'applied', 'rate'],
  optional: ['step'],
  outputs: ['newParameter', 'newMomentum'],
  inPlace: { newParameter: 'parameter', newMomentum: 'momentum' },
  mixed: { full: ['gradient'] },
  infer: ({ parameter, momentum }, _: SgdAttributes) => ({ newParameter: parameter, newMomentum: momentum }),
  reference: (the, { momentum: mu, nesterov, weightDecay }) => {
    const [p, m] = [the.parameter, the.momentum].map(({ data }) => Float64Array.from(data));
    if (the.applied.data[0] > 0)
      for (let i = 0; i < p.length; i++) {
        const g = the.gradient.data[i] * the.factor.data[0] + weightDecay * p[i];
        m[i] = mu * m[i] + g;
        p[i] -= the.rate.data[0] * (nesterov ? g + mu * m[i] : m[i]);
      }
    return { newParameter: { ...the.parameter, data: p }, newMomentum: { ...the.momentum, data: m } };
  },
  parameters: ({ parameter }, { momentum, nesterov, weightDecay, seed = 0, stream = 0 }) => [
    product(parameter.shape),
    momentum,
    weightDecay,
    nesterov ? 1 : 0,
    seed,
    stream,
  ],
});

export const sgd = (
  the: Readonly<Record<'parameter' | 'gradient' | 'momentum' | 'factor' | 'applied' | 'rate', Tensor>> & {
    readonly step?: Tensor;
  },
  attributes: SgdAttributes,
): Readonly<Record<'newParameter' | 'newMomentum', Tensor>> =>
  record(the.parameter.trace, sgdOp, the, { ...attributes });
