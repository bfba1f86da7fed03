import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatBatches, packRows } from './packing.js';

describe('packRows', () => {
  it('places every example that fits once, and none beyond a row', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }),
        fc.integer({ min: 4, max: 32 }),
        (lengths, rowTokens) => {
          const rows = packRows(
            lengths,
            lengths.map((_, i) => i),
            rowTokens,
          );
          for (const row of rows)
            expect(row.reduce((total, i) => total + (lengths[i] ?? 0), 0)).toBeLessThanOrEqual(rowTokens);
          expect(rows.flat().toSorted((a, b) => a - b)).toEqual(
            lengths.flatMap((length, i) => (length <= rowTokens ? [i] : [])),
          );
        },
      ),
    ));
});

describe('chatBatches', () => {
  const examples = [
    { ids: [1, 2, 3, 4], mask: [false, false, true, true] },
    { ids: [5, 6, 7], mask: [false, true, true] },
  ];
  const batch = chatBatches({
    examples,
    prose: Uint16Array.from({ length: 50 }, (_, i) => i + 100),
    proseShare: 0.25,
    sequences: 2,
    length: 8,
    seed: 1,
  })(0);

  it('learns from the assistant’s words only', () => {
    const learned = [...batch.targets].filter((_, i) => i < 8 && (batch.weights[i] ?? 0) > 0).toSorted((a, b) => a - b);
    expect(learned).toEqual([3, 4, 6, 7]);
  });

  it('hides packed examples from each other', () => {
    const second = [...batch.tokens].findIndex((id, i) => i > 0 && (id === 1 || id === 5));
    expect(batch.starts?.[second]).toBe(second);
    expect(batch.positions[second]).toBe(0);
  });

  it('gives prose its share of the loss', () => {
    const sum = (from: number, to: number): number => batch.weights.subarray(from, to).reduce((a, b) => a + b, 0);
    expect(sum(0, 8)).toBeCloseTo(0.75, 5);
    expect(sum(8, 16)).toBeCloseTo(0.25, 5);
  });
});
