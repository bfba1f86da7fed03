/** Ragged bags of ids, and what else treats sequences of different lengths. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { checkGradient, checkKernels, checkShapes, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { golden } from '../testing/golden.js';
import { embeddingBag } from './embedding-bag.js';
import { averageOverTime } from './mask.js';

/** Where bags of these sizes begin, and the end. */
const bags = (sizes: readonly number[]): readonly number[] =>
  [0, ...sizes].map((_, b) => sizes.slice(0, b).reduce((a, size) => a + size, 0));

describe.each(['sum', 'mean', 'max'] as const)('embeddingBag by %s', (mode) => {
  const specs = (rows: number, width: number, sizes: readonly number[]) => {
    const offsets = bags(sizes);
    return {
      table: { shape: [rows, width], from: 'apart' as const },
      ids: { shape: [offsets.at(-1) ?? 0], dtype: 'int32' as const, below: rows },
      offsets: { shape: [offsets.length], dtype: 'int32' as const, values: offsets },
    };
  };
  it('is its definition for bags of every size', () =>
    checkShapes(fc.tuple(size(20, 1), size(40), fc.array(size(7), { maxLength: 9 })), ([rows, width, sizes]) => ({
      specs: specs(rows, width, sizes),
      body: ({ table, ids, offsets }) => ({ y: embeddingBag({ table, ids, offsets }, mode) }),
      // In 16 bits other elements of a bag may be the largest.
      mixed: mode !== 'max',
      factor: 2,
    })));
  it('has the gradient of finite differences', () =>
    checkGradient(
      { ...specs(4, 2, [2, 0, 3]), ids: { shape: [5], dtype: 'int32', values: [0, 2, 3, 1, 2] } },
      ({ table, ids, offsets }) => ({ y: embeddingBag({ table, ids, offsets }, mode) }),
    ));
  it('gives NaN for an id outside the table, and reads no offset outside the ids', () =>
    checkKernels({
      specs: {
        table: { shape: [4, 5] },
        ids: { shape: [4], dtype: 'int32', values: [-1, 2, 2147483647, 0] },
        offsets: { shape: [5], dtype: 'int32', values: [-7, 1, 3, 99, 2] },
      },
      body: ({ table, ids, offsets }) => ({ y: embeddingBag({ table, ids, offsets }, mode) }),
      mixed: false,
    }));
  it.each(backends())('is PyTorch’s on $name', (backend) =>
    checkGolden(backend, golden('bag')[mode], ({ table, ids, offsets }) => embeddingBag({ table, ids, offsets }, mode)),
  );
});

describe('averageOverTime', () => {
  it('is the mean of what counts', () =>
    checkKernels({
      specs: { x: { shape: [4, 6, 19] }, lengths: { shape: [4], dtype: 'int32', values: [6, 0, 1, 4] } },
      body: ({ x, lengths }) => ({ y: averageOverTime(x, lengths) }),
      factor: 2,
    }));
});
