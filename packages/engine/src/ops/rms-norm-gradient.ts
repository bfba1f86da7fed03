import { product, type TensorType } from '../types.js';
import { defineOp } from './define.js';

/**
 * With x̂ = x·scale and g = dy ⊙ gain: dx = scale (g − x̂ · mean(g ⊙ x̂)), dgain = Σ over rows of dy ⊙ x̂.
 *   x, dy: [.., N], gain: [N], scale: [..] → dx: [.., N], dgain: [N] float32, summed over fixed blocks of rows.
 */
export const rmsNormGradientOp = defineOp({
  name: 'rmsNormGradient',
  inputs: ['x', 'gain', 'scale', 'dy'],
  outputs: ['dx', 'dgain'],
  mixed: { half: ['x', 'dy'], full: ['gain', 'scale'] },
  infer: ({ x, gain }) => ({ dx: { dtype: x.dtype, shape: x.shape } satisfies TensorType, dgain: gain }),
  reference: ({ x, gain, scale, dy }) => {
    const n = gain.data.length;
    const rows = product(x.shape.slice(0, -1));
    const dx = new Float64Array(x.data.length);
    const dgain = new Float64Array(n);
    for (let r = 0; r < rows; r++) {
      let along = 0;
      for (let i = 0; i < n; i++) along += dy.data[r * n + i] * gain.data[i] * x.data[r * n + i] * scale.data[r];
      for (let i = 0; i < n; i++) {
        const hat = x.data[r * n + i] * scale.data[r];
        dx[r * n + i] = scale.data[r] * (dy.data[r * n + i] * gain.data[i] - (hat * along) / n);
        dgain[i] += dy.data[r * n + i] * hat;
      }
    }
    return { dx: { shape: x.shape, data: dx }, dgain: { shape: gain.shape, data: dgain } };
  },
  parameters: ({ x }) => [product(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1],
});
