import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kneserNey } from './kneser-ney.js';
import { countNgrams } from './ngram-counts.js';
import { seededRandom } from './seeded-random.js';

const vocabularySize = 6;
const aText = fc.array(fc.nat(vocabularySize - 1), { maxLength: 80 });
const model = (ids: readonly number[], order: number, maximumOrder = 5) =>
  kneserNey(countNgrams(Uint16Array.from(ids), { vocabularySize, maximumOrder }), order);

/** The formula word for word, on strings and maps, the slow way. */
function plainly(ids: readonly number[], order: number) {
  const grams = (n: number) => {
    const counts = new Map<string, number>();
    for (let i = 0; i + n <= ids.length; i += 1) {
      const key = ids.slice(i, i + n).join(' ');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  };
  const levels = Array.from({ length: order }, (_, i) => {
    if (i === order - 1) return grams(order);
    const continuations = new Map<string, number>();
    for (const key of grams(i + 2).keys()) {
      const suffix = key.slice(key.indexOf(' ') + 1);
      continuations.set(suffix, (continuations.get(suffix) ?? 0) + 1);
    }
    return continuations;
  });
  const discount = (counts: Map<string, number>, count: number) => {
    const having = (k: number) => [...counts.values()].filter((value) => value === k).length;
    const y = having(1) / (having(1) + 2 * having(2));
    const estimate = (k: number) => k - ((k + 1) * y * having(k + 1)) / having(k);
    const usable = [1, 2, 3].every((k) => estimate(k) > 0 && estimate(k) <= k);
    const k = Math.min(count, 3);
    return k === 0 ? 0 : usable ? estimate(k) : k / 2;
  };
  const probability = (context: readonly number[], token: number, n: number): number => {
    if (n === 0) return 1 / vocabularySize;
    const history = context.slice(context.length - (n - 1)).join(' ');
    const counts = levels[n - 1] ?? new Map<string, number>();
    const shorter = probability(context, token, n - 1);
    if (context.length < n - 1) return shorter;
    const key = (word: number) => (n === 1 ? `${word}` : `${history} ${word}`);
    const after = Array.from({ length: vocabularySize }, (_, word) => counts.get(key(word)) ?? 0);
    const total = after.reduce((a, b) => a + b, 0);
    if (total === 0) return shorter;
    const mass = after.reduce((sum, count) => sum + discount(counts, count), 0) / total;
    const count = after[token] ?? 0;
    return (count - discount(counts, count)) / total + mass * shorter;
  };
  return (context: readonly number[], token: number) => probability(context, token, order);
}

describe('kneserNey', () => {
  it('is the formula, for any text, order and context', () =>
    fc.assert(
      fc.property(
        aText,
        fc.integer({ min: 1, max: 5 }),
        aText,
        fc.nat(vocabularySize - 1),
        (ids, order, context, token) => {
          expect(model(ids, order).probability(context, token)).toBeCloseTo(plainly(ids, order)(context, token), 12);
        },
      ),
      { numRuns: 300 },
    ));

  it('sums to one over the vocabulary after seen, unseen and empty contexts, and gives no token zero', () =>
    fc.assert(
      fc.property(aText, fc.integer({ min: 1, max: 5 }), aText, (ids, order, unseen) => {
        const { probability } = model(ids, order);
        for (const context of [[], unseen, ids.slice(3, 9)]) {
          const all = Array.from({ length: vocabularySize }, (_, token) => probability(context, token));
          expect(all.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
          for (const value of all) expect(value).toBeGreaterThan(0);
        }
      }),
      { numRuns: 200 },
    ));

  it('gives a text the sum of its tokens, whatever order was counted up to', () => {
    const ids = [1, 2, 3, 1, 2, 4, 1, 2, 3, 5, 0, 1];
    const heldOut = [1, 2, 3, 3, 5];
    const { probability, nats } = model(ids, 3);
    const sum = heldOut.reduce((total, token, i) => total - Math.log(probability(heldOut.slice(0, i), token)), 0);
    expect(nats(Uint16Array.from(heldOut))).toBeCloseTo(sum, 12);
    expect(model(ids, 3, 3).nats(Uint16Array.from(heldOut))).toBeCloseTo(sum, 12);
  });

  it('refuses a token beyond the vocabulary', () => expect(() => model([6], 1)).toThrow(/below the vocabulary size/));

  it('learns what a longer context tells: a source of order 2 to within 2 % of its entropy', () => {
    const random = seededRandom(1);
    // The next token is (a + 2b + noise) mod 6, where noise is 0, 1 or 2 with ½, ¼, ¼: 1.5 bits a token.
    const draw = (n: number) => {
      const ids = [0, 1];
      for (let i = 2; i < n; i += 1) {
        const noise = Math.max(0, Math.floor(random() * 4) - 1);
        ids.push(((ids[i - 2] ?? 0) + 2 * (ids[i - 1] ?? 0) + noise) % vocabularySize);
      }
      return Uint16Array.from(ids);
    };
    const counts = countNgrams(draw(20_000), { vocabularySize, maximumOrder: 5 });
    const heldOut = draw(20_000);
    const bits = [1, 2, 3, 5].map((order) => kneserNey(counts, order).nats(heldOut) / Math.LN2 / heldOut.length);
    const [unigram = 0, bigram = 0, trigram = 0, fivegram = 0] = bits;
    expect(unigram).toBeGreaterThan(2.5);
    expect(bigram).toBeGreaterThan(trigram);
    expect(trigram).toBeGreaterThan(1.48);
    expect(trigram).toBeLessThan(1.53);
    expect(fivegram).toBeLessThan(1.7);
  });
});
