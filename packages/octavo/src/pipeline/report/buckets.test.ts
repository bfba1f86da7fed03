import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bucketsOf } from './buckets.js';

it('keeps ends, extremes and mean, however many points become one', () => {
  const points = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 500 });
  fc.assert(
    fc.property(points, fc.integer({ min: 1, max: 60 }), (values, count) => {
      const buckets = bucketsOf(
        values.map((y, x) => ({ x, y })),
        count,
      );
      expect(buckets.length).toBeLessThanOrEqual(count);
      expect(buckets[0]?.from).toBe(0);
      expect(buckets.at(-1)?.to).toBe(values.length - 1);
      expect(Math.min(...buckets.map(({ low }) => low))).toBe(Math.min(...values));
      expect(Math.max(...buckets.map(({ high }) => high))).toBe(Math.max(...values));
      for (const { mean, low, high } of buckets) {
        expect(mean).toBeGreaterThanOrEqual(low - 1e-6);
        expect(mean).toBeLessThanOrEqual(high + 1e-6);
      }
    }),
  );
});

it('leaves out what is not finite', () => {
  const points = [1, Number.NaN, 3, Number.POSITIVE_INFINITY].map((y, x) => ({ x, y }));
  expect(bucketsOf(points, 10).map(({ x, mean }) => [x, mean])).toEqual([
    [0, 1],
    [2, 3],
  ]);
});
