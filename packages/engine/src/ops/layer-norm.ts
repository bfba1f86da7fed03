import { record, type Tensor } from '../trace/trace.js';
import { product } from '../types.js';
import { defineOp } from './define.js';
import { layerNormGradientOp } from './layer-norm-gradient.js';
import { statistics } from './rms-norm.js';

/**
 * y = (x − mean x) / √(var x + ε) ⊙ gain + bias over the last axis; `mean` and `scale` = 1/√(…) are kept for the backward pass.
 *   x: [.., N], gain, bias: [N] → y: [.., N], mean, scale: [..] float32. Source: Ba et al. 2016, arXiv 1607.06450.
 */
export const layerNormOp = defineOp({
  name: 'layerNorm',
  inputs: ['x', 'gain'],
  optional: ['bias'],
  outputs: ['y', 'mean', 'scale'],
  mixed: { full: ['gain', 'bias'] },
  infer: ({ x }, _: { readonly epsilon: number }) => ({
    y: { dtype: x.dtype, shape: x.shape },
    mean: statistics(x),
    scale: statistics(x),
  }),
  gradient: ({ inputs: { x, gain, bias }, outputs: { mean, scale }, d }) => {
    if (d.y === undefined) return {};
    const { dx, dgain, dbias } = record(x.trace, layerNormGradientOp, { x, gain, mean, scale, dy: d.y }, {});
    return { x: dx, gain: dgain, ...(bias === undefined ? {} : { bias: dbias }) };
  },
  reference: ({ x, gain, bias }, { epsilon }) => {
    const n = gain.data.length;
    const rows = product(x.shape.slice(0, -1));
    const y = new Float64Array(x.data.length);
    const mean = new Float64Array(rows);
    const scale = new Float64Array(rows);
    for (let r = 0; r < rows; r++) {
      const row = x.data.subarray(r * n, (r + 1) * n);
      mean[r] = row.reduce((a, b) => a + b, 0) / n;
      scale[r] = 1 / Math.sqrt(row.reduce((a, b) => a + (b - mean[r]) ** 2, 0) / n + epsilon);
      for (let i = 0; i < n; i++)
        y[r * n + i] = (row[i] - mean[r]) * scale[r] * gain.data[i] + (bias === undefined ? 0 : bias.data[i]);
    }
    const shape = x.shape.slice(0, -1);
    return { y: { shape: x.shape, data: y }, mean: { shape, data: mean }, scale: { shape, data: scale } };
  },
  parameters: ({ x }, { epsilon }) => [product(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1, epsilon],
});

export const layerNorm = (x: Tensor, gain: Tensor, bias: Tensor | undefined, epsilon: number): Tensor =>
  record(x.trace, layerNormOp, bias === undefined ? { x, gain } : { x, gain, bias }, { epsilon }).y;
