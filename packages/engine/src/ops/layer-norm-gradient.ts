import { product, type TensorType } from '../types.js';
import { defineOp } from './define.js';

/**
 * With x̂ = (x − mean)·scale and g = dy ⊙ gain: dx = scale (g − mean(g) − x̂ · mean(g ⊙ x̂)), dgain = Σ dy ⊙ x̂, dbias = Σ dy.
 *   x, dy: [.., N], gain: [N], mean, scale: [..] → dx: [.., N], dgain, dbias: [N] float32, summed over fixed blocks of rows.
 */
export const layerNormGradientOp = defineOp({
  name: 'layerNormGradient',
  inputs: ['x', 'gain', 'mean', 'scale', 'dy'],
  outputs: ['dx', 'dgain', 'dbias'],
  mixed: { half: ['x', 'dy'], full: ['gain', 'mean', 'scale'] },
  infer: ({ x, gain }) => ({ dx: { dtype: x.dtype, shape: x.shape } satisfies TensorType, dgain: gain, dbias: gain }),
  reference: ({ x, gain, mean, scale, dy }) => {
    const n = gain.data.length;
    const rows = product(x.shape.slice(0, -1));
    const dx = new Float64Array(x.data.length);
    const dgain = new Float64Array(n);
    const dbias = new Float64Array(n);
    for (let r = 0; r < rows; r++) {
      const hat = (i: number): number => (x.data[r * n + i] - mean.data[r]) * scale.data[r];
      let total = 0;
      let along = 0;
      for (let i = 0; i < n; i++) {
        total += dy.data[r * n + i] * gain.data[i];
        along += dy.data[r * n + i] * gain.data[i] * hat(i);
      }
      for (let i = 0; i < n; i++) {
        dx[r * n + i] = scale.data[r] * (dy.data[r * n + i] * gain.data[i] - total / n - (hat(i) * along) / n);
        dgain[i] += dy.data[r * n + i] * hat(i);
        dbias[i] += dy.data[r * n + i];
      }
    }
    return {
      dx: { shape: x.shape, data: dx },
      dgain: { shape: gain.shape, data: dgain },
      dbias: { shape: gain.shape, data: dbias },
    };
  },
  parameters: ({ x }) => [product(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1],
});
