/** Ops that move elements: permute, slice, pad, concatenate. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { cast } from './cast.js';
import { concatenate } from './concatenate.js';
import { multiply } from './multiply.js';
import { permute, transpose } from './permute.js';
import { pad, slice } from './slice.js';

/** Any order of some axes. */
const orders = fc.integer({ min: 1, max: 5 }).chain((rank) =>
  fc.shuffledSubarray(
    Array.from({ length: rank }, (_, i) => i),
    { minLength: rank },
  ),
);

describe('permute', () => {
  it('is its definition in every order', () =>
    checkShapes(
      orders.chain((order) => fc.tuple(fc.constant(order), fc.array(size(9), { minLength: 5, maxLength: 5 }))),
      ([order, sizes]) => ({
        specs: { x: { shape: sizes.slice(0, order.length) } },
        body: ({ x }) => ({ y: permute(x, order) }),
      }),
    ));
  it('turns whole tiles and their ragged ends', async () => {
    await checkKernels({ specs: { x: { shape: [3, 35, 50] } }, body: ({ x }) => ({ y: transpose(x) }) });
    await checkKernels({ specs: { x: { shape: [20, 3, 37] } }, body: ({ x }) => ({ y: permute(x, [2, 1, 0]) }) });
    await checkKernels({ specs: { x: { shape: [5, 4000, 3] } }, body: ({ x }) => ({ y: permute(x, [1, 0, 2]) }) });
  });
  it('moves indices as they are', async () => {
    const graph = graphOf({ ids: { shape: [2, 3], dtype: 'int32' } }, ({ ids }) => ({ y: transpose(ids) }));
    for (const { backend } of backends())
      expect([...(await evaluate(backend, graph, { ids: Float64Array.of(1, -2, 3, 4, 5, 2147483647) })).y]).toEqual([
        1, 4, -2, 5, 3, 2147483647,
      ]);
  });
  it('has the gradient of finite differences', () =>
    checkGradient({ x: { shape: [2, 3, 2] } }, ({ x }) => ({ y: permute(multiply(x, x), [2, 0, 1]) })));
  it('refuses an axis named twice', () =>
    expect(() => graphOf({ x: { shape: [2, 3] } }, ({ x }) => ({ y: permute(x, [1, 1]) }))).toThrow(/SHAPE_MISMATCH/));
});

const parts = fc.tuple(size(9), size(9), size(9), size(5), size(5));

describe('slice and pad', () => {
  it('are their definitions on every axis', () =>
    checkShapes(fc.tuple(parts, fc.integer({ min: 0, max: 2 })), ([[a, b, c, before, after], axis]) => {
      const shape = [a, b, c].map((n, i) => (i === axis ? n + before + after : n));
      return {
        specs: { x: { shape } },
        body: ({ x }) => ({
          part: slice(x, axis, before, shape[axis] - after),
          more: pad(x, axis, before, after),
          end: slice(x, -1, 0, Math.min(2, shape[2])),
        }),
      };
    }));
  it('copy runs longer than one piece', () =>
    checkKernels({
      specs: { x: { shape: [2, 9000] } },
      body: ({ x }) => ({ y: slice(pad(x, 1, 3, 5), 1, 1, 9005) }),
    }));
  it('have the gradients of finite differences', () =>
    checkGradient({ x: { shape: [3, 4] } }, ({ x }) => ({ y: slice(pad(multiply(x, x), 0, 1, 2), 0, 0, 3) })));
  it('refuse a part that is not there', () =>
    expect(() => graphOf({ x: { shape: [2, 3] } }, ({ x }) => ({ y: slice(x, 1, 2, 4) }))).toThrow(
      /part of \[0, 3\); received \[2, 4\)/,
    ));
});

describe('concatenate', () => {
  it('is its definition on every axis', () =>
    checkShapes(fc.tuple(parts, fc.integer({ min: -3, max: 2 })), ([[a, b, c, more, most], axis]) => {
      const shaped = (n: number) => ({ shape: [a, b, c].map((old, i) => (i === (axis + 3) % 3 ? n : old)) });
      return {
        specs: { x: shaped(a), y: shaped(more), z: shaped(most) },
        body: ({ x, y, z }) => ({ joined: concatenate([x, y, z], axis) }),
      };
    }));
  it('joins more than eight', () =>
    checkKernels({
      specs: { x: { shape: [2, 3] }, y: { shape: [2, 1] } },
      body: ({ x, y }) => ({ joined: concatenate([x, y, x, y, x, y, x, y, x, y, x], 1) }),
      mixed: false,
    }));
  it('rounds float32 beside 16 bits', () =>
    checkKernels({
      specs: { x: { shape: [2, 20] }, y: { shape: [2, 19] } },
      body: ({ x, y }) => ({ joined: cast(concatenate([cast(x, 'bfloat16'), y], 1), 'float32') }),
      factor: 2000,
      mixed: false,
    }));
  it('has the gradient of finite differences', () =>
    checkGradient({ x: { shape: [2, 2] }, y: { shape: [2, 1] } }, ({ x, y }) => ({
      joined: concatenate([multiply(x, x), y, x], 1),
    })));
  it('refuses other axes that differ', () =>
    expect(() =>
      graphOf({ x: { shape: [2, 3] }, y: { shape: [3, 3] } }, ({ x, y }) => ({ joined: concatenate([x, y], 1) })),
    ).toThrow(/SHAPE_MISMATCH/));
});
