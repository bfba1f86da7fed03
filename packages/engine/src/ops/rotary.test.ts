/** Rotary positions: the angles and the turn. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { expectClose } from '../testing/close.js';
import { type GoldenCase, golden } from '../testing/golden.js';
import { reshape } from './reshape.js';
import { rotary } from './rotary.js';
import { rotaryAngles } from './rotary-angles.js';

const turn =
  (heads: number, headWidth: number): Body =>
  ({ x, angles }) => ({ y: rotary(x, angles, { heads, headWidth }) });

describe('rotary', () => {
  it('is its definition on every size, for all heads and for some', () =>
    checkShapes(fc.tuple(size(9), size(3), size(17, 1), size(5)), ([rows, heads, half, rest]) => ({
      specs: { x: { shape: [rows, heads * 2 * half + rest] }, angles: { shape: [rows, 2 * half] } },
      body: ({ x, angles }) => ({ y: rotary(x, angles, { heads, headWidth: 2 * half }) }),
      gradients: false,
    })));
  it('has the gradient of finite differences for x', () => {
    const positions = { positions: { shape: [3], dtype: 'int32', values: [0, 1, 7] } } as const;
    checkGradient({ x: { shape: [3, 11] }, ...positions }, ({ x, positions: p }) => ({
      y: rotary(x, rotaryAngles(p, { headWidth: 4, base: 10000 }), { heads: 2, headWidth: 4 }),
    }));
  });
  it('turns back by its gradient on every instruction set', () =>
    checkKernels({
      specs: { x: { shape: [5, 40] }, positions: { shape: [5], dtype: 'int32', below: 300 } },
      body: ({ x, positions }) => ({
        y: rotary(x, rotaryAngles(positions, { headWidth: 16, base: 10000 }), { heads: 2, headWidth: 16 }),
      }),
    }));
  it('keeps a NaN in its pair', () =>
    checkKernels({
      specs: { x: { shape: [3, 36] }, angles: { shape: [3, 18] } },
      body: turn(2, 18),
      gradients: false,
      mixed: false,
      poison: ({ x }) => {
        x[5] = NaN;
      },
    }));
  it('refuses an odd head width', () =>
    expect(() => graphOf({ x: { shape: [2, 6] }, angles: { shape: [2, 3] } }, turn(2, 3))).toThrow(/even head width/));
});

describe('rotaryAngles', () => {
  it('is its definition for positions up to a million', () =>
    checkShapes(
      fc.tuple(size(20), size(33, 1)),
      ([rows, half]) => ({
        specs: { positions: { shape: [rows], dtype: 'int32', below: 1e6 } },
        body: ({ positions }) => ({ y: rotaryAngles(positions, { headWidth: 2 * half, base: 10000 }) }),
        gradients: false,
      }),
      6,
    ));
});

describe.each(backends())('PyTorch, on $name', (backend) => {
  const cases = golden('rotary');
  const withPositions = (the: GoldenCase): GoldenCase => ({
    ...the,
    inputs: {
      ...the.inputs,
      positions: { shape: [1, 3], data: [0, 1, 2].map((t) => t + Number(the.attributes.offset)) },
    },
  });
  it.each(['halves', 'halvesFromFive'])('%s', (name) =>
    checkGolden(backend, withPositions(cases[name]), ({ x, positions }) => {
      const angles = rotaryAngles(positions, { headWidth: 8, base: 10000 });
      return reshape(rotary(reshape(x, [1, 3, 16]), angles, { heads: 2, headWidth: 8 }), [1, 3, 2, 8]);
    }),
  );
  it('gives the published values for 1 2 3 4 at position 1', async () => {
    const graph = graphOf({ x: { shape: [1, 4] }, p: { shape: [1], dtype: 'int32' } }, ({ x, p }) => ({
      y: rotary(x, rotaryAngles(p, { headWidth: 4, base: 10000 }), { heads: 1, headWidth: 4 }),
    }));
    expectClose(
      (await evaluate(backend.backend, graph, { x: Float64Array.of(1, 2, 3, 4), p: Float64Array.of(1) })).y,
      [-1.984111, 1.959901, 2.462378, 4.0198],
      1e-6,
    );
  });
});
