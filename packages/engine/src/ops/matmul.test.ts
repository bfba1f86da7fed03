/** Products of matrices: every transposition, batches, empty and ragged sizes, through all three forms. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Body, checkGradient, checkKernels, checkShapes, graphOf, size } from '../testing/check.js';
import { matmul } from './matmul.js';

const kinds = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;
const shapes = (batch: readonly number[], m: number, n: number, k: number, ta: boolean, tb: boolean) => ({
  a: { shape: [...batch, ...(ta ? [k, m] : [m, k])] },
  b: { shape: [...batch, ...(tb ? [n, k] : [k, n])] },
});

describe.each(kinds)('matmul, transposed %s and %s', (transposeA, transposeB) => {
  const body: Body = ({ a, b }) => ({ y: matmul(a, b, { transposeA, transposeB }) });
  it('has the gradient of finite differences', () => checkGradient(shapes([2], 2, 3, 4, transposeA, transposeB), body));
  it('is its definition on every size', () =>
    checkShapes(
      fc.tuple(fc.constantFrom([], [1], [3], [2, 2]), size(40), size(40), size(40)),
      ([batch, m, n, k]) => ({ specs: shapes(batch, m, n, k, transposeA, transposeB), body }),
      6,
    ));
  it('is its definition on sizes above the blocks of the product', () =>
    checkKernels({ specs: shapes([], 131, 97, 517, transposeA, transposeB), body, gradients: false, factor: 2 }));
  it('keeps a NaN or infinity in its row and column', () =>
    checkKernels({
      specs: shapes([], 19, 21, 23, transposeA, transposeB),
      body,
      gradients: false,
      mixed: false,
      poison: ({ a, b }) => {
        a[3] = NaN;
        b[5] = Infinity;
      },
    }));
});

describe('matmul', () => {
  it('refuses inner sizes that differ', () =>
    expect(() => graphOf({ a: { shape: [2, 3] }, b: { shape: [2, 3] } }, ({ a, b }) => ({ y: matmul(a, b) }))).toThrow(
      /SHAPE_MISMATCH/,
    ));
  it('refuses batches that differ', () =>
    expect(() =>
      graphOf({ a: { shape: [2, 2, 2] }, b: { shape: [3, 2, 2] } }, ({ a, b }) => ({ y: matmul(a, b) })),
    ).toThrow(/one batch shape/));
  it('refuses a vector', () =>
    expect(() => graphOf({ a: { shape: [3] }, b: { shape: [3] } }, ({ a, b }) => ({ y: matmul(a, b) }))).toThrow(
      /SHAPE_MISMATCH/,
    ));
});
