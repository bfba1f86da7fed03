/** The linear layer in int8. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { linear } from './linear.js';
import { quantise } from './quantise.js';
import { quantisedLinear } from './quantised-linear.js';

const numbers = (count: number, seed: number) =>
  Float64Array.from({ length: count }, (_, i) =>
    Math.fround(((Math.sin((i + 1) * 12.9898 * seed) * 43758.5453) % 1) + 0.1),
  );

describe('quantisedLinear', () => {
  it('is its definition on every size', () =>
    checkShapes(fc.tuple(size(9), size(70), size(140, 1)), ([rows, n, k]) => ({
      specs: { x: { shape: [rows, k] }, w: { shape: [n, k] }, bias: { shape: [n] } },
      body: ({ x, w, bias }) => {
        const { q, scales } = quantise(w);
        return {
          y: quantisedLinear(x, { weight: q, scales, bias }),
          z: quantisedLinear(x, { weight: q, scales }, { full: true }),
        };
      },
      gradients: false,
      mixed: false,
    })));
  it('is close to the layer it stands for, in every precision', async () => {
    const [m, n, k] = [5, 67, 200];
    const graph = graphOf({ x: { shape: [m, k] }, w: { shape: [n, k] } }, ({ x, w }) => {
      const { q, scales } = quantise(w);
      return { y: quantisedLinear(x, { weight: q, scales }, { full: true }), exact: linear(x, w) };
    });
    const values = { x: numbers(m * k, 1), w: numbers(n * k, 0.37) };
    for (const { backend } of backends())
      for (const precision of ['float32', 'bfloat16'] as const) {
        const { y, exact } = await evaluate(backend, graph, values, precision);
        const power = (a: ArrayLike<number>) => Array.from(a).reduce((total, value) => total + value * value, 0);
        const error = power(Array.from(y, (value, i) => value - exact[i])) / power(exact);
        expect(Math.sqrt(error)).toBeLessThan(0.015);
      }
  });
  it('gives NaN for a row that is not finite, and touches no other', async () => {
    const graph = graphOf({ x: { shape: [3, 70] }, w: { shape: [2, 70] } }, ({ x, w }) => {
      const { q, scales } = quantise(w);
      return { y: quantisedLinear(x, { weight: q, scales }) };
    });
    const x = numbers(210, 1);
    x[69] = Number.NaN;
    x[100] = Number.POSITIVE_INFINITY;
    for (const { backend } of backends()) {
      const { y } = await evaluate(backend, graph, { x, w: numbers(140, 2) });
      expect(Array.from(y, Number.isNaN)).toEqual([true, true, true, true, false, false]);
    }
  });
  it('refuses weights that are not int8 rows with a scale each', () =>
    expect(() =>
      graphOf({ x: { shape: [2, 5] }, w: { shape: [3, 5] } }, ({ x, w }) => ({
        y: quantisedLinear(x, { weight: quantise(w).q, scales: quantise(x).scales }),
      })),
    ).toThrow(/SHAPE_MISMATCH/));
});
