/** Rows in order, with the indices their elements had. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { golden } from '../testing/golden.js';
import { multiply } from './multiply.js';
import { sort, topK } from './sort.js';

describe('sort', () => {
  it('is its definition on every size, up and down', () =>
    checkShapes(fc.tuple(size(5), size(300), fc.boolean()), ([rows, n, descending]) => ({
      specs: { x: { shape: [rows, n], from: 'apart' } },
      body: ({ x }) => ({ y: sort(x, { descending }).y }),
      mixed: false,
    })));
  it.each([5, 100])(
    'keeps equal elements in order, 0 and −0 too, and NaN at the large end, in rows of %i',
    async (n) => {
      const values = Float64Array.from(
        { length: n },
        (_, i) => [0, -0, Number.NaN, 1, Number.NEGATIVE_INFINITY][i % 5],
      );
      for (const descending of [false, true]) {
        const graph = graphOf({ x: { shape: [n] } }, ({ x }) => ({ index: sort(x, { descending }).index }));
        const kinds = descending ? [[2], [3], [0, 1], [4]] : [[4], [0, 1], [3], [2]];
        const all = Array.from({ length: n }, (_, i) => i);
        const expected = kinds.flatMap((kind) => all.filter((i) => kind.includes(i % 5)));
        for (const { backend } of backends())
          expect([...(await evaluate(backend, graph, { x: values })).index]).toEqual(expected);
      }
    },
  );
  it('has the gradient of finite differences', () =>
    checkGradient({ x: { shape: [2, 4], from: 'apart' } }, ({ x }) => ({ y: multiply(sort(x).y, sort(x).y) })));
});

describe('topK', () => {
  it('is its definition for few and for many', () =>
    checkShapes(fc.tuple(size(5), size(120), fc.integer({ min: 0, max: 60 })), ([rows, n, k]) => ({
      specs: { x: { shape: [rows, n], from: 'apart' } },
      body: ({ x }) => ({ y: topK(x, Math.min(n, k)).y }),
      mixed: false,
    })));
  it('sorts 16 bits', () =>
    checkKernels({ specs: { x: { shape: [3, 50] } }, body: ({ x }) => ({ y: topK(x, 7).y }), gradients: false }));
  it('refuses more than a row has', () =>
    expect(() => graphOf({ x: { shape: [3] } }, ({ x }) => ({ y: topK(x, 4).y }))).toThrow(/received 4/));
  it.each(backends())('is PyTorch’s on $name', (backend) =>
    checkGolden(backend, golden('axis').topK, ({ x }) => topK(x, 3).y),
  );
});
