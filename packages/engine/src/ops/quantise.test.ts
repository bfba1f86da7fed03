/** int8 with scales, and back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { expectClose } from '../testing/close.js';
import { transpose } from './permute.js';
import { dequantise, quantise } from './quantise.js';

describe('quantise and dequantise', () => {
  it('are their definitions for groups of every size', () =>
    checkShapes(fc.tuple(size(5), size(4), size(40, 1)), ([rows, groups, group]) => ({
      specs: { x: { shape: [rows, groups * group] } },
      body: ({ x }) => {
        const { q, scales } = quantise(x, group);
        return { q, scales, y: dequantise(q, scales) };
      },
      gradients: false,
      mixed: false,
    })));
  it('come within half a step of each element', async () => {
    const specs = { x: { shape: [3, 64] } };
    const graph = graphOf(specs, ({ x }) => {
      const { q, scales } = quantise(x, 16);
      return { y: dequantise(q, scales) };
    });
    const x = Float64Array.from({ length: 192 }, (_, i) => Math.fround(Math.sin(i) * (1 + Math.floor(i / 16))));
    for (const { backend } of backends())
      (await evaluate(backend, graph, { x })).y.forEach((value, i) => {
        expect(Math.abs(value - x[i])).toBeLessThanOrEqual(((1 + Math.floor(i / 16)) / 127 / 2) * 1.0001);
      });
  });
  it('round ties to even, keep zeros, and take a NaN as 0', async () => {
    const graph = graphOf({ x: { shape: [2, 5] } }, ({ x }) => ({ ...quantise(x) }));
    const x = Float64Array.of(127, 0.5, 1.5, -2.5, Number.NaN, 0, 0, 0, 0, 0);
    for (const { backend } of backends()) {
      const { q, scales } = await evaluate(backend, graph, { x });
      expect([...q].map((value) => value + 0)).toEqual([127, 0, 2, -2, 0, 0, 0, 0, 0, 0]);
      expectClose(scales, [1, 0], 1e-7);
    }
  });
  it('leave bytes that can be moved', () =>
    checkKernels({
      specs: { x: { shape: [19, 35] } },
      body: ({ x }) => ({ q: transpose(quantise(x).q) }),
      gradients: false,
      mixed: false,
    }));
  it('refuse groups that do not divide', () =>
    expect(() => graphOf({ x: { shape: [2, 5] } }, ({ x }) => ({ ...quantise(x, 2) }))).toThrow(/SHAPE_MISMATCH/));
});
