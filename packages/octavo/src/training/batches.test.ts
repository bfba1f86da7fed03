import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permutation, windowBatches } from './batches.js';

const stream = Uint16Array.from({ length: 1000 }, (_, i) => i);
const shape = { sequences: 4, length: 16, seed: 7, microBatches: 1 };

describe('windowBatches', () => {
  it('gives each window’s next tokens as targets', () => {
    const { tokens, targets } = windowBatches(stream, shape)(3);
    expect([...targets]).toEqual([...tokens].map((id) => id + 1));
  });

  it('gives the same batch for a step, whatever was asked before', () => {
    const one = windowBatches(stream, shape);
    const other = windowBatches(stream, shape);
    for (let step = 0; step < 40; step++) other(step);
    expect(one(37).tokens).toEqual(other(37).tokens);
    expect(other(2).tokens).toEqual(one(2).tokens);
  });

  it('sees every window once an epoch', () => {
    const windows = Math.floor((stream.length - shape.length) / shape.length);
    const at = windowBatches(stream, { ...shape, sequences: 1 });
    const starts = Array.from({ length: windows }, (_, step) => at(step).tokens[0]);
    expect(new Set(starts).size).toBe(windows);
  });

  it('walks the windows as they stand, for a curriculum', () => {
    const at = windowBatches(stream, { ...shape, sequences: 1, inOrder: true });
    const starts = Array.from({ length: 20 }, (_, step) => at(step).tokens[0] ?? 0);
    expect(starts).toEqual(starts.map((_, step) => (starts[0] ?? 0) + step * shape.length));
  });

  it('weighs the tokens of a step to one in all', () => {
    const { weights } = windowBatches(stream, { ...shape, microBatches: 2 })(0);
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(0.5, 6);
  });

  it('refuses a text shorter than a window', () => {
    expect(() => windowBatches(stream.subarray(0, 10), shape)).toThrow(
      '10 training tokens do not fill one window of 17 tokens [TOO_FEW_TOKENS]',
    );
  });
});

it('permutes: every number once, another order each epoch', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), fc.nat(1000), fc.nat(50), (count, seed, epoch) => {
      const order = permutation(count, seed, epoch);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
      expect(permutation(count, seed, epoch)).toEqual(order);
    }),
  ));
