import { record, type Tensor } from '../trace/trace.js';
import { product, type TensorType } from '../types.js';
import { defineOp } from './define.js';
import { rmsNormGradientOp } from './rms-norm-gradient.js';

export const statistics = (x: TensorType): TensorType => ({
  dtype: x.dtype === 'float64' ? 'float64' : 'float32',
  shape: x.shape.slice(0, -1),
});

/**
 * y = x / √(mean x² + ε) ⊙ gain over the last axis. `scale` is 1 / √(…), kept for the backward pass.
 *   x: [.., N], gain: [N] → y: [.., N], scale: [..] float32. Source: Zhang and Sennrich 2019, arXiv 1910.07467.
 */
export const rmsNormOp = defineOp({
  name: 'rmsNorm',
  inputs: ['x', 'gain'],
  outputs: ['y', 'scale'],
  mixed: { full: ['gain'] },
  infer: ({ x }, _: { readonly epsilon: number }) => ({ y: { dtype: x.dtype, shape: x.shape }, scale: statistics(x) }),
  gradient: ({ inputs: { x, gain }, outputs: { scale }, d }) => {
    if (d.y === undefined) return {};
    const { dx, dgain } = record(x.trace, rmsNormGradientOp, { x, gain, scale, dy: d.y }, {});
    return { x: dx, gain: dgain };
  },
  reference: ({ x, gain }, { epsilon }) => {
    const n = x.shape.at(-1) ?? 1;
    const rows = product(x.shape.slice(0, -1));
    const y = new Float64Array(x.data.length);
    const scale = new Float64Array(rows);
    for (let r = 0; r < rows; r++) {
      let squares = 0;
      for (let i = 0; i < n; i++) squares += x.data[r * n + i] ** 2;
      scale[r] = 1 / Math.sqrt(squares / n + epsilon);
      for (let i = 0; i < n; i++) y[r * n + i] = x.data[r * n + i] * scale[r] * gain.data[i];
    }
    return { y: { shape: x.shape, data: y }, scale: { shape: x.shape.slice(0, -1), data: scale } };
  },
  parameters: ({ x }, { epsilon }) => [product(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1, epsilon],
});

export const rmsNorm = (x: Tensor, gain: Tensor, epsilon: number): Tensor =>
  record(x.trace, rmsNormOp, { x, gain }, { epsilon }).y;
