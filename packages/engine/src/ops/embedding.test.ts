/** Rows of a table by index, and the sums that flow back. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { golden } from '../testing/golden.js';
import { embedding } from './embedding.js';

const body: Body = ({ table, ids }) => ({ y: embedding(table, ids) });

describe('embedding', () => {
  it.each(backends())('is PyTorch’s on $name', (backend) =>
    checkGolden(backend, golden('embedding').embedding, ({ table, ids }) => embedding(table, ids)),
  );
  it('has the gradient of finite differences', () =>
    checkGradient(
      { table: { shape: [4, 3] }, ids: { shape: [2, 3], dtype: 'int32', values: [0, 2, 2, 3, 2, 0] } },
      body,
    ));
  it('is its definition on every size', () =>
    checkShapes(fc.tuple(size(40, 1), size(40), fc.array(size(9), { maxLength: 2 })), ([rows, width, shape]) => ({
      specs: { table: { shape: [rows, width] }, ids: { shape, dtype: 'int32', below: rows } },
      body,
    })));
  it('is its definition for many ids of few rows', () =>
    checkKernels({
      specs: { table: { shape: [3, 17] }, ids: { shape: [4000], dtype: 'int32', below: 3 } },
      body,
      factor: 4,
    }));
  it('gives a row of NaN for an id outside the table, and no gradient', () =>
    checkKernels({
      specs: {
        table: { shape: [4, 5] },
        ids: { shape: [5], dtype: 'int32', values: [-1, 4, 2, 2147483647, -2147483648] },
      },
      body,
    }));
  it('gives NaN from an empty table', () =>
    checkKernels({ specs: { table: { shape: [0, 5] }, ids: { shape: [2], dtype: 'int32', values: [0, 1] } }, body }));
});
