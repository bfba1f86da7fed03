import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval, wilsonInterval } from './intervals.js';
import { bitsPerByte, isExactMatch, perplexity } from './metrics.js';
import { seededRandom } from './seeded-random.js';

describe('metrics', () => {
  it('measures a uniform model of 256 bytes as 8 bits a byte, perplexity 256', () => {
    const nats = 100 * Math.log(256);
    expect(bitsPerByte({ nats, bytes: 100 })).toBeCloseTo(8, 12);
    expect(perplexity({ nats, tokens: 100 })).toBeCloseTo(256, 9);
  });
  it('compares answers whole, but for white space at the ends', () => {
    expect(isExactMatch(' Paris\n', ['Paris'])).toBe(true);
    expect(isExactMatch('Lyon', ['Paris', 'Lyon'])).toBe(true);
    expect(isExactMatch('Paris.', ['Paris'])).toBe(false);
    expect(isExactMatch('paris', ['Paris'])).toBe(false);
  });
});

describe('wilsonInterval', () => {
  // statsmodels 0.14: proportion_confint(k, n, method='wilson').
  it.each([
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [5, 10, 0.2366, 0.7634],
    [97, 100, 0.9155, 0.9897],
    [1, 1, 0.2065, 1],
  ])('%i of %i: %f to %f', (right, n, low, high) => {
    const interval = wilsonInterval({ right, n });
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });
  it('holds the rate and stays within [0, 1]', () =>
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), (right, wrong) => {
        const { low, high } = wilsonInterval({ right, n: right + wrong });
        expect(0 <= low && low <= high && high <= 1).toBe(true);
        if (right + wrong > 0) expect(low <= right / (right + wrong) && right / (right + wrong) <= high).toBe(true);
      }),
    ));
});

describe('bootstrapInterval', () => {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  it('covers the true mean of noise about 95 times in 100', () => {
    const random = seededRandom(3);
    let covered = 0;
    for (let trial = 0; trial < 200; trial += 1) {
      const items = Array.from({ length: 60 }, () => random());
      const { low, high } = bootstrapInterval(items, mean, { seed: trial, samples: 300 });
      if (low <= 0.5 && 0.5 <= high) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(180);
    expect(covered).toBeLessThanOrEqual(198);
  });
  it('gives the same interval for the same seed and another for another', () => {
    const items = [1, 5, 2, 8, 3, 9];
    expect(bootstrapInterval(items, mean, { seed: 1 })).toEqual(bootstrapInterval(items, mean, { seed: 1 }));
    expect(bootstrapInterval(items, mean, { seed: 1, samples: 50 })).not.toEqual(
      bootstrapInterval(items, mean, { seed: 2, samples: 50 }),
    );
  });
});
