import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { product, showType, type TensorType } from '../types.js';
import { type Dense, defineOp } from './define.js';
import { quantiseOp } from './quantise.js';

/**
 * A linear layer for inference: y = s · (q Wᵀ) ⊙ scales + bias with q = round(x / s), s = max |x| / 127 of each row of x, both
 * factors int8 and their products summed exactly.
 *   x: [.., K] float, weight: int8 [N, K], scales: float32 [N] or [N, 1], bias: [N] → y: [.., N] like x, float32 with `full`.
 * A row of x that is not finite gives NaN. No gradient. Errors: SHAPE_MISMATCH.
 * Source: Dettmers et al. 2022, arXiv 2208.07339 (vector-wise quantisation).
 */
export const quantisedLinearOp = defineOp({
  name: 'quantisedLinear',
  inputs: ['x', 'weight', 'scales'],
  optional: ['bias'],
  outputs: ['y'],
  mixed: { half: ['x'], full: ['scales', 'bias'] },
  infer: ({ x, weight, scales, bias }, { full }: { readonly full: boolean }) => {
    const [n, k] = weight.shape;
    if (
      weight.shape.length !== 2 ||
      weight.dtype !== 'int8' ||
      x.shape.at(-1) !== k ||
      product(scales.shape) !== n ||
      (bias !== undefined && product(bias.shape) !== n)
    )
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[quantisedLinear] x [.., K], weight int8 [N, K] and a scale a row of it; received ${showType(x)}, ${showType(weight)} and ${showType(scales)}`,
      });
    const dtype = full && x.dtype !== 'float64' ? 'float32' : x.dtype;
    return { y: { dtype, shape: [...x.shape.slice(0, -1), n] } satisfies TensorType };
  },
  reference: ({ x, weight, scales, bias }) => {
    const [n, k] = weight.shape;
    const rows = x.data.length / Math.max(1, k);
    const { q, scales: steps } = quantiseOp.reference({ x }, { group: k });
    const y: Dense = { shape: [...x.shape.slice(0, -1), n], data: new Float64Array(rows * n) };
    for (let r = 0; r < rows; r++) {
      const finite = x.data.subarray(r * k, (r + 1) * k).every(Number.isFinite);
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let i = 0; i < k; i++) total += q.data[r * k + i] * weight.data[j * k + i];
        y.data[r * n + j] = finite ? total * steps.data[r] * scales.data[j] + (bias?.data[j] ?? 0) : Number.NaN;
      }
    }
    return { y };
  },
  parameters: ({ x, weight }) => [product(x.shape.slice(0, -1)), ...weight.shape],
});

/** x: [.., K], weight and scales as `quantise` makes them of [N, K], bias: [N] → [.., N]; in float32 with `full`. */
export const quantisedLinear = (
  x: Tensor,
  { weight, scales, bias }: { readonly weight: Tensor; readonly scales: Tensor; readonly bias?: Tensor | undefined },
  { full = false }: { readonly full?: boolean } = {},
): Tensor => {
  const operands = { x, weight, scales };
  return record(x.trace, quantisedLinearOp, bias === undefined ? operands : { ...operands, bias }, { full }).y;
};
