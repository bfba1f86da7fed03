/** Dropout: the mask of Philox, the same forwards, backwards and on any number of threads. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceBackend } from '../backends/reference/reference.js';
import { isas, native } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { dropout } from './dropout.js';
import { philox } from './philox.js';

const step = { step: { shape: [], dtype: 'int32', values: [7] } } as const;
const body =
  (rate: number, seed = 5, stream = 2): Body =>
  ({ x, step: at }) => ({ y: dropout(x, at, { rate, seed, stream }) });

describe('philox', () => {
  const words = (text: string) => text.split(' ').map((word) => Number.parseInt(word, 16));
  it.each([
    ['zeros', [0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [
      'ones',
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      '408f276d 41c83b0e a20bc7c6 6d5451fd',
    ],
    [
      'digits of π',
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ] as const)('gives the known answer for %s', (_, counter, key, expected) =>
    expect(philox(counter, key)).toEqual(words(expected)),
  );
});

describe('dropout', () => {
  it('is its definition on every size', () =>
    checkShapes(
      fc.tuple(fc.oneof(size(70), fc.constant(1031)), fc.constantFrom(0.1, 0.5, 0.9), fc.nat(2 ** 31)),
      ([n, rate, seed]) => ({ specs: { x: { shape: [n] }, ...step }, body: body(rate, seed) }),
    ));
  it('has the gradient of finite differences', () => checkGradient({ x: { shape: [3, 5] }, ...step }, body(0.4)));
  it('drops a NaN and keeps one', () =>
    checkKernels({
      specs: { x: { shape: [64] }, ...step },
      body: body(0.5),
      gradients: false,
      poison: ({ x }) => x.fill(NaN),
    }));
  it('drops about as many as asked, and keeps the mean', async () => {
    const graph = graphOf({ x: { shape: [20000] }, ...step }, body(0.25));
    const { y } = await evaluate(native(isas()[0]), graph, {
      x: new Float64Array(20000).fill(1),
      step: Float64Array.of(3),
    });
    const kept = y.filter((value) => value !== 0).length / 20000;
    expect(Math.abs(kept - 0.75)).toBeLessThan(0.012);
    expect(new Set(y)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
  });
  it('takes another mask at another step, and the same at the same', async () => {
    const graph = graphOf({ x: { shape: [100] }, ...step }, body(0.5));
    const at = async (value: number) =>
      (await evaluate(referenceBackend(), graph, { x: new Float64Array(100).fill(1), step: Float64Array.of(value) })).y;
    expect(await at(1)).toEqual(await at(1));
    expect(await at(1)).not.toEqual(await at(2));
  });
  it('is nothing at rate 0', () => expect(graphOf({ x: { shape: [3] }, ...step }, body(0)).nodes).toHaveLength(0));
});
