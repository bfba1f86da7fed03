import { record, type Tensor } from '../trace/trace.js';
import { product, type TensorType } from '../types.js';
import { add } from './add.js';
import { batchNormGradientOp } from './batch-norm-gradient.js';
import { defineOp } from './define.js';
import { divide } from './divide.js';
import { multiply } from './multiply.js';
import { sqrt } from './sqrt.js';
import { subtract } from './subtract.js';

const perChannel = (x: TensorType): TensorType => ({
  dtype: x.dtype === 'float64' ? 'float64' : 'float32',
  shape: x.shape.slice(-1),
});

/**
 * y = (x − mean) / √(variance + ε) ⊙ gain + bias, mean and variance over all axes but the last. `scale` is 1 / √(…), kept
 * for the backward pass; `variance` divides by n, and is for running statistics.
 *   x: [.., C], gain, bias: [C] → y: [.., C], mean, scale, variance: [C] float32. Source: Ioffe and Szegedy 2015, arXiv 1502.03167.
 */
export const batchNormOp = defineOp({
  name: 'batchNorm',
  inputs: ['x', 'gain', 'bias'],
  outputs: ['y', 'mean', 'scale', 'variance'],
  mixed: { full: ['gain', 'bias'] },
  infer: ({ x }, _: { readonly epsilon: number }) => ({
    y: { dtype: x.dtype, shape: x.shape },
    mean: perChannel(x),
    scale: perChannel(x),
    variance: perChannel(x),
  }),
  gradient: ({ inputs: { x, gain }, outputs: { mean, scale }, d }) => {
    if (d.y === undefined) return {};
    const { dx, dgain, dbias } = record(x.trace, batchNormGradientOp, { x, gain, mean, scale, dy: d.y }, {});
    return { x: dx, gain: dgain, bias: dbias };
  },
  reference: ({ x, gain, bias }, { epsilon }) => {
    const channels = x.shape.at(-1) ?? 1;
    const rows = x.data.length / Math.max(1, channels);
    const [mean, variance] = [new Float64Array(channels), new Float64Array(channels)];
    x.data.forEach((value, i) => {
      mean[i % channels] += value / rows;
    });
    x.data.forEach((value, i) => {
      variance[i % channels] += (value - mean[i % channels]) ** 2 / rows;
    });
    const scale = variance.map((value) => 1 / Math.sqrt(value + epsilon));
    const data = x.data.map((value, i) => {
      const c = i % channels;
      return (value - mean[c]) * scale[c] * gain.data[c] + bias.data[c];
    });
    const shape = [channels];
    return {
      y: { shape: x.shape, data },
      mean: { shape, data: mean },
      scale: { shape, data: scale },
      variance: { shape, data: variance },
    };
  },
  parameters: ({ x }, { epsilon }) => [product(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1, epsilon],
});

/** What one batch norm owns beside gain and bias: statistics of what it has seen, [C] each. */
export interface RunningStatistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Batch normalisation in training: y, and the running statistics after this batch, which the caller makes updates:
 * r ← (1 − momentum) r + momentum · (mean, variance · n / (n − 1)). A loss must not depend on those.
 */
export function batchNorm(
  the: { readonly x: Tensor; readonly gain: Tensor; readonly bias: Tensor; readonly running: RunningStatistics },
  { epsilon, momentum }: { readonly epsilon: number; readonly momentum: number },
): { readonly y: Tensor; readonly running: RunningStatistics } {
  const { x, gain, bias, running } = the;
  const { y, mean, variance } = record(x.trace, batchNormOp, { x, gain, bias }, { epsilon });
  const rows = product(x.shape.slice(0, -1));
  const moved = (before: Tensor, now: Tensor, factor: number): Tensor =>
    add(multiply(before, 1 - momentum), multiply(now, momentum * factor));
  return {
    y,
    running: {
      mean: moved(running.mean, mean, 1),
      variance: moved(running.variance, variance, rows / Math.max(1, rows - 1)),
    },
  };
}

/** Batch normalisation by the running statistics, in evaluation: one multiplication and one addition an element. */
export function batchNormEvaluation(
  the: { readonly x: Tensor; readonly gain: Tensor; readonly bias: Tensor; readonly running: RunningStatistics },
  epsilon: number,
): Tensor {
  const factor = divide(the.gain, sqrt(add(the.running.variance, epsilon)));
  return add(multiply(the.x, factor), subtract(the.bias, multiply(the.running.mean, factor)));
}
