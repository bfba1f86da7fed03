/** Sums over any run of axes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkGradient, checkKernels, checkShapes, graphOf, size } from '../testing/check.js';
import { squaredSum } from './squared-sum.js';
import { sum } from './sum.js';

const shapeAndAxes = fc.tuple(fc.array(size(33), { minLength: 1, maxLength: 3 }), fc.nat(3), fc.nat(3), fc.boolean());

describe('sum', () => {
  it('is its definition over any axes of any shape', () =>
    checkShapes(shapeAndAxes, ([shape, p, q, keep]) => {
      const [from, to] = [Math.min(p, q, shape.length), Math.min(Math.max(p, q), shape.length)];
      return { specs: { x: { shape } }, body: ({ x }) => ({ y: sum(x, [from, to], keep) }) };
    }));
  it.each([[[20000]], [[3, 9001]], [[700, 5]], [[2, 300, 17]]])(
    'is its definition over more than one block: %j',
    (shape) =>
      checkKernels({
        specs: { x: { shape } },
        body: ({ x }) => ({ all: sum(x), first: sum(x, [0, 1]), last: sum(x, [shape.length - 1, shape.length]) }),
        factor: 4,
      }),
  );
  it('has the gradient of finite differences', () => {
    for (const axes of [
      [0, 3],
      [1, 2],
      [0, 1],
      [2, 3],
    ] as const)
      checkGradient({ x: { shape: [2, 3, 2] } }, ({ x }) => ({ y: sum(x, axes), kept: sum(x, axes, true) }));
  });
  it('of a NaN or an infinity is one', () =>
    checkKernels({
      specs: { x: { shape: [4, 70] } },
      body: ({ x }) => ({ y: sum(x, [1, 2]) }),
      gradients: false,
      poison: ({ x }) => {
        x[69] = NaN;
        x[75] = Infinity;
      },
    }));
  it('refuses axes outside the shape', () =>
    expect(() => graphOf({ x: { shape: [2] } }, ({ x }) => ({ y: sum(x, [0, 2]) }))).toThrow(/SHAPE_MISMATCH/));
});

describe('squaredSum', () => {
  it('is its definition on every size', () =>
    checkShapes(
      fc.oneof(size(70), fc.constantFrom(8191, 8192, 8193, 20000)),
      (n) => ({ specs: { x: { shape: [n] } }, body: ({ x }) => ({ y: squaredSum(x) }), gradients: false }),
      10,
    ));
  it('of a NaN or an infinity is one', () =>
    checkKernels({
      specs: { x: { shape: [70] }, z: { shape: [70] } },
      body: ({ x, z }) => ({ y: squaredSum(x), z: squaredSum(z) }),
      gradients: false,
      poison: ({ x, z }) => {
        x[69] = NaN;
        z[3] = -Infinity;
      },
    }));
});
