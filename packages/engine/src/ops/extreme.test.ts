/** Along an axis: the largest and smallest element, softmax, running sums; elementwise the smaller of two. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { golden } from '../testing/golden.js';
import { cumulativeSum } from './cumulative-sum.js';
import { maximumOver, minimumOver } from './extreme.js';
import { minimum } from './minimum.js';
import { multiply } from './multiply.js';
import { logSoftmax, softmax } from './softmax.js';

const axes = fc.tuple(size(9), size(40, 1), size(33), fc.integer({ min: 0, max: 2 }));
const shapeOf = ([a, n, b, axis]: readonly [number, number, number, number]) =>
  axis === 0 ? [n, a, b] : axis === 1 ? [a, n, b] : [a, b, n];

describe.each([
  ['maximumOver', maximumOver],
  ['minimumOver', minimumOver],
])('%s', (_, over) => {
  // In 16 bits other elements may be equal, and then other indices are right: values and gradients apart there.
  it('is its definition on every size and axis', () =>
    checkShapes(axes, (drawn) => ({
      specs: { x: { shape: shapeOf(drawn), from: 'apart' } },
      body: ({ x }) => ({ y: over(x, drawn[3]).y }),
      mixed: false,
    })));
  it('looks at the first of each row that count', () =>
    checkKernels({
      specs: {
        x: { shape: [5, 6, 19], from: 'apart' },
        lengths: { shape: [5], dtype: 'int32', values: [6, 0, 1, 4, 99] },
      },
      body: ({ x, lengths }) => ({ y: over(x, 1, lengths).y }),
      mixed: false,
    }));
  it('is its definition in 16 bits', () =>
    checkKernels({ specs: { x: { shape: [3, 40, 17] } }, body: ({ x }) => ({ y: over(x, 1).y }), gradients: false }));
  it.each([
    [1, 37],
    [5, 1],
  ])('gives the first of equals, and the first NaN, for columns %i and rows of %i', async (columns, n) => {
    const length = Math.max(n, 37);
    const values = Float64Array.from({ length: columns * length }, (_, i) => (Math.floor(i / columns) % 7) - 3);
    const graph = graphOf({ x: { shape: [1, length, columns] } }, ({ x }) => ({ index: over(x, 1).index }));
    const best = over === maximumOver ? 6 : 0;
    for (const { backend } of backends()) {
      const found = await evaluate(backend, graph, { x: values });
      expect([...found.index]).toEqual(Array.from({ length: columns }, () => best));
      const broken = values.slice().fill(Number.NaN, 20 * columns, 22 * columns);
      expect([...(await evaluate(backend, graph, { x: broken })).index]).toEqual(
        Array.from({ length: columns }, () => 20),
      );
    }
  });
  it('has the gradient of finite differences', () =>
    checkGradient({ x: { shape: [2, 3, 2], from: 'apart' } }, ({ x }) => ({ y: over(multiply(x, x), 1).y })));
});

describe('maximumOver', () => {
  it.each(backends())('is PyTorch’s on $name', (backend) =>
    checkGolden(backend, golden('axis').maximum, ({ x }) => maximumOver(x, 1).y),
  );
  it('refuses lengths that are not one a row', () =>
    expect(() =>
      graphOf({ x: { shape: [2, 3] }, lengths: { shape: [3], dtype: 'int32', below: 3 } }, ({ x, lengths }) => ({
        y: maximumOver(x, 1, lengths).y,
      })),
    ).toThrow(/2 lengths/));
});

describe.each([
  ['softmax', softmax],
  ['logSoftmax', logSoftmax],
])('%s', (name, op) => {
  const body: Body = ({ x }) => ({ y: op(x) });
  it('is its definition on every size and axis', () =>
    checkShapes(axes, (drawn) => ({
      specs: { x: { shape: shapeOf(drawn) } },
      body: ({ x }) => ({ y: op(x, drawn[3]) }),
    })));
  it('has the gradient of finite differences', () => checkGradient({ x: { shape: [2, 4] } }, body));
  it('is unmoved by what a row is far from', () =>
    checkKernels({
      specs: { x: { shape: [3, 37] } },
      body,
      gradients: false,
      mixed: false,
      poison: ({ x }) => {
        x.forEach((value, i) => {
          x[i] = i < 37 ? value + 1000 : i % 2 === 0 ? Number.NEGATIVE_INFINITY : value;
        });
      },
      factor: 50,
    }));
  it.each(backends())('is PyTorch’s on $name', (backend) =>
    checkGolden(backend, golden('axis')[name], ({ x }) => op(x)),
  );
});

describe('cumulativeSum', () => {
  it('is its definition on every size, axis and direction', () =>
    checkShapes(fc.tuple(axes, fc.boolean()), ([drawn, reverse]) => ({
      specs: { x: { shape: shapeOf(drawn) } },
      body: ({ x }) => ({ y: cumulativeSum(x, drawn[3], { reverse }) }),
    })));
  it('keeps what a long sum would lose', () =>
    checkKernels({
      specs: { x: { shape: [20000, 2], from: 'positive' } },
      body: ({ x }) => ({ y: cumulativeSum(x, 0) }),
      mixed: false,
      gradients: false,
      factor: 0.02,
    }));
  it('has the gradient of finite differences', () =>
    checkGradient({ x: { shape: [2, 3] } }, ({ x }) => ({ y: cumulativeSum(multiply(x, x), 1) })));
  it.each(backends())('is PyTorch’s on $name', (backend) =>
    checkGolden(backend, golden('axis').cumulativeSum, ({ x }) => cumulativeSum(x, 1)),
  );
});

describe('minimum', () => {
  const body: Body = ({ a, b }) => ({ y: minimum(a, b) });
  it('is its definition, broadcasting', () =>
    checkKernels({
      specs: { a: { shape: [9, 33], from: 'apart' }, b: { shape: [33], from: 'apart' } },
      body,
      mixed: false,
    }));
  it('has the gradient of finite differences', () =>
    checkGradient({ a: { shape: [4], from: 'apart' }, b: { shape: [4], from: 'apart' } }, body));
  it('gives its second operand when the first is NaN', () =>
    checkKernels({
      specs: { a: { shape: [5] }, b: { shape: [5] } },
      body,
      gradients: false,
      mixed: false,
      poison: ({ a, b }) => {
        a[1] = Number.NaN;
        b[2] = Number.NaN;
      },
    }));
});
