import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minHash } from '../../text/index.js';
import { bucketKeys, jaccard } from './min-hash.js';
import { runHashes, signatureOf, similarity, wordHashes } from './min-hash.test-support.js';

/** Published with FineWeb's parameters: similarity → probability that two texts meet in a bucket. */
const curve = [
  [0.5, 0.0533],
  [0.6, 0.2111],
  [0.7, 0.5645],
  [0.75, 0.7716],
  [0.8, 0.9235],
  [0.85, 0.9884],
  [0.9, 0.9996],
] as const;

/** Two texts of words that occur once, whose 5-word runs have the similarity asked for. */
function pairOf(wanted: number, trial: number): readonly [string, string] {
  const runs = 200;
  const shared = Math.round((2 * runs * wanted) / (1 + wanted));
  const text = (own: string) =>
    Array.from({ length: runs + 4 }, (_, n) => (n < shared + 4 ? `w${trial}x${n}` : `${own}${trial}x${n}`)).join(' ');
  return [text('a'), text('b')];
}

describe('signatures', () => {
  it.each(curve)('meet at similarity %f with probability %f', (wanted, published) => {
    expect(1 - (1 - wanted ** 8) ** 14).toBeCloseTo(published, 3);
    const trials = 250;
    let met = 0;
    let estimates = 0;
    for (let trial = 0; trial < trials; trial++) {
      const [a, b] = pairOf(wanted, trial).map(signatureOf);
      if (a === undefined || b === undefined) throw new Error('a pair has two');
      const keys = bucketKeys(b);
      if (bucketKeys(a).some((key, bucket) => key === keys[bucket])) met++;
      estimates += similarity(a, b) / trials;
    }
    // Four standard errors of a share of 250, and of the mean of 250 estimates from 112 places.
    expect(Math.abs(met / trials - published)).toBeLessThan(
      4 * Math.sqrt((published * (1 - published)) / trials) + 0.01,
    );
    expect(Math.abs(estimates - wanted)).toBeLessThan(4 * Math.sqrt((wanted * (1 - wanted)) / 112 / trials) + 0.005);
  });

  it('do not see case, punctuation or spacing, but see each ideograph', () => {
    expect(signatureOf('Call me Ishmael. Some years ago—never mind how long')).toEqual(
      signatureOf('call me ishmael some years ago "never" mind, how long'),
    );
    expect(wordHashes('他说你好')).toHaveLength(4);
    expect(wordHashes('naïve café 42')).toHaveLength(3);
    expect(wordHashes(' … ')).toHaveLength(0);
  });
});

describe('the native signature', () => {
  it('equals the one written out plainly, for any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab cZ É中のk。9 \ud800😀ß,'.split('')), maxLength: 400 }),
        (text) => {
          const { signature, runs } = minHash(text);
          expect(signature).toEqual(signatureOf(text));
          const plain = [...new Set(runHashes(wordHashes(text)))].toSorted((a, b) => (a >>> 0) - (b >>> 0));
          expect([...runs]).toEqual(plain);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('comes with runs whose exact similarity is Jaccard of the sets', () => {
    const [a, b] = pairOf(0.8, 1).map((text) => minHash(text).runs);
    if (a === undefined || b === undefined) throw new Error('a pair has two');
    expect(jaccard(a, b)).toBeCloseTo(0.8, 2);
    expect(jaccard(a, a)).toBe(1);
    expect(jaccard(a, minHash('other words than those').runs)).toBe(0);
    expect(jaccard(a, new Int32Array(0))).toBe(0);
  });
});
