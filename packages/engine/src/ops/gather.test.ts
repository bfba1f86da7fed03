/** Elements by index along an axis, sums by index, and what is made of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { golden } from '../testing/golden.js';
import { gather, oneHot, scatterAdd } from './gather.js';
import { multiply } from './multiply.js';

const small = fc.tuple(size(5, 1), size(9, 1), size(9), size(33, 1), fc.boolean(), fc.boolean());
const bodies: readonly (readonly [string, (axis: number, n: number) => Body, boolean])[] = [
  [
    'gather',
    (axis) =>
      ({ x, ids }) => ({ y: gather(x, ids, axis) }),
    false,
  ],
  [
    'scatterAdd',
    (axis, n) =>
      ({ x, ids }) => ({ y: scatterAdd(x, ids, axis, n) }),
    true,
  ],
];

describe.each(bodies)('%s', (_, body, scatters) => {
  it('is its definition, with ids of its own for each row or column, or shared', () =>
    checkShapes(small, ([outer, n, m, inner, ownOuter, ownInner]) => ({
      specs: {
        x: { shape: [outer, scatters ? m : n, inner] },
        ids: { shape: [ownOuter ? outer : 1, m, ownInner ? inner : 1], dtype: 'int32', below: n },
      },
      body: body(1, n),
    })));
  it('is its definition on the first and the last axis', async () => {
    const first = { x: { shape: [7, 5] }, ids: { shape: [7, 1], dtype: 'int32', below: 7 } } as const;
    await checkKernels({ specs: first, body: body(0, 7) });
    const last = { x: { shape: [4, 7] }, ids: { shape: [4, 7], dtype: 'int32', below: 7 } } as const;
    await checkKernels({ specs: last, body: body(-1, 7) });
  });
  it('has the gradient of finite differences', () =>
    checkGradient(
      { x: { shape: [2, 3, 2] }, ids: { shape: [2, 3, 1], dtype: 'int32', values: [0, 2, 2, 1, 1, 1] } },
      ({ x, ids }) => body(1, 3)({ x: multiply(x, x), ids }),
    ));
  it('answers ids outside the axis as it says', () =>
    checkKernels({
      specs: {
        x: { shape: [1, 5, 3] },
        ids: { shape: [1, 5, 1], dtype: 'int32', values: [-1, 5, 2, 2147483647, -2147483648] },
      },
      body: body(1, 5),
    }));
  it('refuses ids of another shape', () =>
    expect(() =>
      graphOf({ x: { shape: [2, 3] }, ids: { shape: [3, 3], dtype: 'int32', below: 2 } }, body(1, 3)),
    ).toThrow(/SHAPE_MISMATCH/));
  it.each(backends())('is PyTorch’s on $name', (backend) =>
    checkGolden(backend, golden('gather')[scatters ? 'scatterAdd' : 'gather'], ({ x, ids }) =>
      scatters ? scatterAdd(x, ids, 1, 4) : gather(x, ids, 1),
    ),
  );
});

describe('scatterAdd', () => {
  it('adds many rows to few in their order, whoever has them', () =>
    checkKernels({
      specs: { x: { shape: [3000, 17] }, ids: { shape: [3000, 1], dtype: 'int32', below: 3 } },
      body: ({ x, ids }) => ({ y: scatterAdd(x, ids, 0, 3) }),
      factor: 4,
    }));
});

describe('oneHot', () => {
  it('is 1 at the id and nothing for an id outside', async () => {
    const graph = graphOf({ ids: { shape: [2, 2], dtype: 'int32' } }, ({ ids }) => ({ y: oneHot(ids, 3) }));
    for (const { backend } of backends())
      expect([...(await evaluate(backend, graph, { ids: Float64Array.of(2, 0, 3, -1) })).y]).toEqual([
        0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0,
      ]);
  });
});
