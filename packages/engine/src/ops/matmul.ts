import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { isHalf, product, sameShape, showType, type TensorType } from '../types.js';
import { defineOp } from './define.js';

// B batch, M rows, N columns, K contracted
type MatmulAttributes = {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly full: boolean;
  /** Factors on the product and on the residual, 1 where absent: what `fuse-products` found. */
  readonly alpha?: number;
  readonly beta?: number;
};

export interface MatmulSizes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

const sizes = (a: TensorType, b: TensorType, { transposeA, transposeB }: MatmulAttributes): MatmulSizes => {
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  const batchA = a.shape.slice(0, -2);
  if (a.shape.length < 2 || b.shape.length < 2 || k !== inner || !sameShape(batchA, b.shape.slice(0, -2)))
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `[matmul] [.., M, K] · [.., K, N] of one batch shape; received ${showType(a)} and ${showType(b)}${transposeA ? ', a transposed' : ''}${transposeB ? ', b transposed' : ''}`,
    });
  return { batch: product(batchA), m, n, k };
};

/**
 * y = op(a) · op(b) for each matrix of the batch; op transposes where asked.
 *   a: [.., M, K] (or [.., K, M]), b: [.., K, N] (or [.., N, K]) → y: [.., M, N]; sums in float32.
 * `sum`, like y, takes the product in place: y = sum + op(a) · op(b); `residual`, like y: y = α op(a) · op(b) + β residual.
 * The passes `accumulate` and `fuse-products` make such nodes.
 * `full` keeps a float32 result of 16-bit operands, and float32 gradients of them. Errors: SHAPE_MISMATCH.
 */
export const matmulOp = defineOp({
  name: 'matmul',
  inputs: ['a', 'b'],
  optional: ['sum', 'residual'],
  outputs: ['y'],
  inPlace: { y: 'sum' },
  mixed: { half: ['a', 'b', 'residual'], full: ['sum'] },
  infer: ({ a, b }, attributes: MatmulAttributes) => {
    const { m, n } = sizes(a, b, attributes);
    return {
      y: {
        dtype: attributes.full && isHalf(a.dtype) ? 'float32' : a.dtype,
        shape: [...a.shape.slice(0, -2), m, n],
      } satisfies TensorType,
    };
  },
  gradient: ({ inputs: { a, b }, d, attributes: { transposeA, transposeB, full } }) => {
    const dy = d.y;
    if (dy === undefined) return {};
    return {
      a: transposeA
        ? matmul(b, dy, { transposeA: transposeB, transposeB: true, full })
        : matmul(dy, b, { transposeB: !transposeB, full }),
      b: transposeB
        ? matmul(dy, a, { transposeA: true, transposeB: transposeA, full })
        : matmul(a, dy, { transposeA: !transposeA, full }),
    };
  },
  reference: ({ a, b, sum, residual }, attributes) => {
    const { alpha = 1, beta = 1 } = attributes;
    const { batch, m, n, k } = sizes(
      { dtype: 'float64', shape: a.shape },
      { dtype: 'float64', shape: b.shape },
      attributes,
    );
    const data = new Float64Array(batch * m * n);
    for (let s = 0; s < batch; s++)
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let total = 0;
          for (let p = 0; p < k; p++)
            total +=
              a.data[s * m * k + (attributes.transposeA ? p * m + i : i * k + p)] *
              b.data[s * k * n + (attributes.transposeB ? j * k + p : p * n + j)];
          const at = (s * m + i) * n + j;
          data[at] = alpha * total + beta * (residual?.data[at] ?? 0) + (sum?.data[at] ?? 0);
        }
    return { y: { shape: [...a.shape.slice(0, -2), m, n], data } };
  },
  parameters: ({ a, b }, attributes) => {
    const { batch, m, n, k } = sizes(a, b, attributes);
    const { alpha = 1, beta = 1, transposeA, transposeB } = attributes;
    const signs = [alpha, beta].map((factor) => Number(factor < 0));
    return [batch, m, n, k, Number(transposeA), Number(transposeB), Math.abs(alpha), Math.abs(beta), ...signs];
  },
});

export const matmul = (
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false, full = false }: Partial<MatmulAttributes> = {},
): Tensor => record(a.trace, matmulOp, { a, b }, { transposeA, transposeB, full }).y;
