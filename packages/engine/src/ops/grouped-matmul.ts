import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { isHalf, showType, type TensorType } from '../types.js';
import { type Dense, defineOp } from './define.js';

// G groups, R rows sorted by group, K contracted, N columns
type Attributes = { readonly transposeB: boolean };

/** Rows of each group; offsets out of order or range are brought into it. */
function eachGroup({ data }: Dense, rows: number, visit: (group: number, begin: number, end: number) => void): void {
  for (let group = 0; group + 1 < data.length; group++) {
    const begin = Math.min(rows, Math.max(0, data[group]));
    visit(group, begin, Math.min(rows, Math.max(begin, data[group + 1])));
  }
}
const sizes = (
  { x, weight }: Readonly<Record<'x' | 'weight', { readonly shape: readonly number[] }>>,
  { transposeB }: Attributes,
) => {
  const [groups, a, b] = weight.shape;
  const [n, k] = transposeB ? [a, b] : [b, a];
  return { groups, rows: x.shape[0], n, k };
};

/**
 * A product for each group of rows: y[r] = x[r] · op(weight[g]) for the rows offsets[g] ≤ r < offsets[g + 1]; rows of no
 * group are 0.
 *   x: [R, K], weight: [G, K, N] (or [G, N, K] where `transposeB`), offsets: int32 [G + 1], ascending → y: [R, N].
 * Errors: SHAPE_MISMATCH. Source: Gale et al. 2022, arXiv 2211.15841 (no row is dropped or padded).
 */
export const groupedMatmulOp = defineOp({
  name: 'groupedMatmul',
  inputs: ['x', 'weight', 'offsets'],
  outputs: ['y'],
  mixed: { half: ['x', 'weight'] },
  infer: ({ x, weight, offsets }, attributes: Attributes) => {
    const { groups, rows, n, k } = sizes({ x, weight }, attributes);
    if (x.shape.length !== 2 || weight.shape.length !== 3 || x.shape[1] !== k || offsets.shape[0] !== groups + 1)
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[groupedMatmul] x [R, K], weight [G, ${attributes.transposeB ? 'N, K' : 'K, N'}], offsets [G + 1]; received ${[x, weight, offsets].map(showType).join(', ')}`,
      });
    return { y: { dtype: x.dtype, shape: [rows, n] } satisfies TensorType };
  },
  gradient: ({ inputs: { x, weight, offsets }, d, attributes: { transposeB } }) => {
    const dy = d.y;
    if (dy === undefined) return {};
    const [a, b] = transposeB ? [dy, x] : [x, dy];
    return {
      x: groupedMatmul(dy, weight, offsets, { transposeB: !transposeB }),
      weight: record(x.trace, groupedWeightGradientOp, { a, b, offsets }, {}).dweight,
    };
  },
  reference: ({ x, weight, offsets }, attributes) => {
    const { rows, n, k } = sizes({ x, weight }, attributes);
    const data = new Float64Array(rows * n);
    eachGroup(offsets, rows, (group, begin, end) => {
      for (let r = begin; r < end; r++)
        for (let j = 0; j < n; j++) {
          let total = 0;
          for (let i = 0; i < k; i++)
            total += x.data[r * k + i] * weight.data[group * n * k + (attributes.transposeB ? j * k + i : i * n + j)];
          data[r * n + j] = total;
        }
    });
    return { y: { shape: [rows, n], data } };
  },
  parameters: ({ x, weight }, attributes) => {
    const { groups, rows, n, k } = sizes({ x, weight }, attributes);
    return [groups, rows, n, k, Number(attributes.transposeB)];
  },
});

/** dweight[g] = Σ over the rows r of group g of a[r]ᵀ b[r].  a: [R, M], b: [R, N] → dweight: [G, M, N] float32. */
export const groupedWeightGradientOp = defineOp({
  name: 'groupedWeightGradient',
  inputs: ['a', 'b', 'offsets'],
  outputs: ['dweight'],
  mixed: { half: ['a', 'b'] },
  infer: ({ a, b, offsets }) => ({
    dweight: {
      dtype: isHalf(a.dtype) ? 'float32' : a.dtype,
      shape: [offsets.shape[0] - 1, a.shape[1], b.shape[1]],
    } satisfies TensorType,
  }),
  reference: ({ a, b, offsets }) => {
    const [rows, m] = a.shape;
    const n = b.shape[1];
    const groups = offsets.data.length - 1;
    const data = new Float64Array(groups * m * n);
    eachGroup(offsets, rows, (group, begin, end) => {
      for (let r = begin; r < end; r++)
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) data[(group * m + i) * n + j] += a.data[r * m + i] * b.data[r * n + j];
    });
    return { dweight: { shape: [groups, m, n], data } };
  },
  parameters: ({ a, b, offsets }) => [offsets.shape[0] - 1, a.shape[0], a.shape[1], b.shape[1]],
});

export const groupedMatmul = (
  x: Tensor,
  weight: Tensor,
  offsets: Tensor,
  { transposeB = false }: Partial<Attributes> = {},
): Tensor => record(x.trace, groupedMatmulOp, { x, weight, offsets }, { transposeB }).y;
