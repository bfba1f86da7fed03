import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaleOf, shareOf, spread } from './scale.js';

describe('axes', () => {
  it('writes round numbers', () => {
    expect(scaleOf([1.74, 2.66], { count: 5 })).toEqual({
      low: 1.6,
      high: 2.8,
      ticks: [1.6, 1.8, 2, 2.2, 2.4, 2.6, 2.8],
    });
    expect(scaleOf([0, 1015], { count: 4, widen: false })).toEqual({ low: 0, high: 1015, ticks: [0, 500, 1000] });
    expect(scaleOf([0.012], { from: 0, count: 4 }).low).toBe(0);
  });

  it('holds every finite value between its ends, with ticks inside', () => {
    // What a chart shows has at most nine digits.
    const value = fc.integer({ min: -1e9, max: 1e9 }).map((whole) => whole / 1000);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(value, fc.constant(Number.NaN)), { minLength: 1 }),
        fc.boolean(),
        (values, widen) => {
          const scale = scaleOf(values, { widen });
          const span = scale.high - scale.low;
          expect(span).toBeGreaterThan(0);
          for (const each of values.filter(Number.isFinite)) {
            expect(shareOf(scale, each)).toBeGreaterThanOrEqual(-1e-6);
            expect(shareOf(scale, each)).toBeLessThanOrEqual(1 + 1e-6);
          }
          expect(scale.ticks.length).toBeLessThan(20);
          for (const tick of scale.ticks) expect(Math.abs(shareOf(scale, tick) - 0.5)).toBeLessThanOrEqual(0.5 + 1e-6);
        },
      ),
    );
  });

  it('has ends for no values, and for one', () => {
    expect(scaleOf([])).toEqual({ low: 0, high: 1, ticks: [0, 1] });
    const one = scaleOf([5]);
    expect(shareOf(one, 5)).toBeGreaterThan(0);
    expect(shareOf(one, 5)).toBeLessThan(1);
  });

  it('moves labels apart, in order and within the plot, and no further than need be', () => {
    expect(spread([10, 300], 18, 340)).toEqual([10, 300]);
    expect(spread([339, 335], 18, 340)).toEqual([340, 322]);
    const inside = fc.array(fc.double({ min: 0, max: 340, noNaN: true }), { maxLength: 10 });
    fc.assert(
      fc.property(inside, (wanted) => {
        const placed = spread(wanted, 18, 340);
        const ordered = placed.toSorted((a, b) => a - b);
        for (const [at, value] of ordered.entries()) {
          expect(value).toBeGreaterThanOrEqual(-1e-6);
          expect(value).toBeLessThanOrEqual(340);
          if (at > 0) expect(value - (ordered[at - 1] ?? 0)).toBeGreaterThanOrEqual(18 - 1e-6);
        }
      }),
    );
  });
});
