/** Offsets for blocks by size and lifetime. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeBlocks } from './place.js';

const blocks = fc
  .array(fc.record({ bytes: fc.nat(5000), from: fc.nat(20), length: fc.nat(10) }), { maxLength: 40 })
  .map((list) => list.map(({ bytes, from, length }) => ({ bytes, from, to: from + length })));

describe('placeBlocks', () => {
  it('keeps blocks that live together apart, aligned and inside the total', () =>
    fc.assert(
      fc.property(blocks, (list) => {
        const { offsets, bytes } = placeBlocks(list);
        list.forEach((a, i) => {
          expect(offsets[i] % 64).toBe(0);
          expect(offsets[i] + a.bytes).toBeLessThanOrEqual(bytes);
          list.slice(0, i).forEach((b, j) => {
            if (a.from <= b.to && b.from <= a.to)
              expect(offsets[i] >= offsets[j] + b.bytes || offsets[j] >= offsets[i] + a.bytes).toBe(true);
          });
        });
      }),
    ));
  it('needs no more than the sum, and at least what lives at once', () =>
    fc.assert(
      fc.property(blocks, (list) => {
        const { bytes } = placeBlocks(list);
        const aligned = (n: number) => Math.ceil(n / 64) * 64;
        expect(bytes).toBeLessThanOrEqual(list.reduce((total, block) => total + aligned(block.bytes), 0));
        for (let at = 0; at <= 30; at++)
          expect(bytes).toBeGreaterThanOrEqual(
            list
              .filter(({ from, to }) => from <= at && at <= to)
              .reduce((total, block) => total + aligned(block.bytes), 0),
          );
      }),
    ));
  it('puts a chain into two places', () =>
    expect(placeBlocks(Array.from({ length: 10 }, (_, i) => ({ bytes: 64, from: i, to: i + 1 }))).bytes).toBe(128));
});
