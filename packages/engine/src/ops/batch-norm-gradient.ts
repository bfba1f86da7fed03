import { product, type TensorType } from '../types.js';
import { defineOp } from './define.js';

/**
 * With x̂ = (x − mean) scale: dbias = Σ dy, dgain = Σ dy x̂, dx = gain scale (dy − dbias / n − x̂ dgain / n), sums over n rows.
 *   x, dy: [.., C], gain, mean, scale: [C] → dx: [.., C], dgain, dbias: [C] float32.
 */
export const batchNormGradientOp = defineOp({
  name: 'batchNormGradient',
  inputs: ['x', 'gain', 'mean', 'scale', 'dy'],
  outputs: ['dx', 'dgain', 'dbias'],
  mixed: { half: ['dy'], full: ['gain'] },
  infer: ({ x, mean }) => {
    const channel: TensorType = { dtype: mean.dtype, shape: mean.shape };
    return { dx: { dtype: x.dtype, shape: x.shape }, dgain: channel, dbias: channel };
  },
  reference: ({ x, gain, mean, scale, dy }) => {
    const channels = x.shape.at(-1) ?? 1;
    const rows = x.data.length / Math.max(1, channels);
    const normal = x.data.map((value, i) => (value - mean.data[i % channels]) * scale.data[i % channels]);
    const [dgain, dbias] = [new Float64Array(channels), new Float64Array(channels)];
    dy.data.forEach((value, i) => {
      dgain[i % channels] += value * normal[i];
      dbias[i % channels] += value;
    });
    const dx = dy.data.map((value, i) => {
      const c = i % channels;
      return gain.data[c] * scale.data[c] * (value - dbias[c] / rows - (normal[i] * dgain[c]) / rows);
    });
    const shape = [channels];
    return { dx: { shape: x.shape, data: dx }, dgain: { shape, data: dgain }, dbias: { shape, data: dbias } };
  },
  parameters: ({ x }) => [product(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1],
});
