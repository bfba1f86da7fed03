/**
 * Interpolated modified Kneser–Ney: the honest n-gram to beat. The highest order uses counts, those below use the
 * number of distinct tokens seen before (continuations), and the lowest falls back on the uniform distribution, so
 * that unseen tokens have a probability too and every distribution sums to one.
 * Source: Chen and Goodman 1999, An empirical study of smoothing techniques for language modeling, §3.
 *
 *   p_n(w | h) = max(c(hw) − D(c), 0) / Σ c(h·) + γ(h) p_{n−1}(w | h′),   γ(h) = Σ_w D(c(hw)) / Σ c(h·)
 */
import { invariant } from '../core/index.js';
import { absent, type NgramCounts, type NgramOrder } from './ngram-counts.js';

/** One order of a model: discounted counts, and of each context its total and the mass γ it leaves to the order below. */
interface Level {
  readonly order: NgramOrder;
  readonly counts: Uint32Array;
  readonly discounts: readonly [number, number, number, number];
  readonly totals: Float64Array;
  readonly masses: Float64Array;
}

export interface KneserNey {
  readonly order: number;
  /** Of `token` after `context`, whose last order − 1 tokens count. */
  readonly probability: (context: readonly number[], token: number) => number;
  /** −Σ ln p over a text of tokens; the first are predicted from what little stands before them. */
  readonly nats: (ids: Uint16Array | Uint32Array) => number;
}

/** Where a text is too small, or too regular, to estimate discounts: halves of the counts, so that no token gets zero. */
const fallback = [0, 0.5, 1, 1.5] as const;

/** D for counts 0, 1, 2 and 3 or more, from the counts of counts. */
function discountsOf(counts: Uint32Array): readonly [number, number, number, number] {
  const having = [0, 0, 0, 0, 0];
  for (const count of counts) if (count > 0 && count < 5) having[count] = (having[count] ?? 0) + 1;
  const [, one = 0, two = 0, three = 0, four = 0] = having;
  const y = one / (one + 2 * two);
  const discounts = [0, 1 - (2 * y * two) / one, 2 - (3 * y * three) / two, 3 - (4 * y * four) / three] as const;
  // Also catches the NaN and infinity of a count that nothing has.
  return discounts.every((value, count) => value <= count && (count === 0 || value > 0)) ? discounts : fallback;
}

function levelOf(order: NgramOrder, counts: Uint32Array, contexts: number): Level {
  const discounts = discountsOf(counts);
  const totals = new Float64Array(contexts);
  const masses = new Float64Array(contexts);
  for (let id = 0; id < order.size; id += 1) {
    const count = counts[id] ?? 0;
    const context = order.prefixes[id] ?? 0;
    totals[context] = (totals[context] ?? 0) + count;
    masses[context] = (masses[context] ?? 0) + (discounts[Math.min(count, 3)] ?? 0);
  }
  for (let context = 0; context < contexts; context += 1)
    masses[context] = (masses[context] ?? 0) / Math.max(1, totals[context] ?? 0);
  return { order, counts, discounts, totals, masses };
}

/** A model of `order`, from counts that go at least as far. */
export function kneserNey(ngrams: NgramCounts, order: number): KneserNey {
  invariant(order >= 1 && order <= ngrams.orders.length, `n-grams were counted up to order ${order}`);
  const levels = ngrams.orders
    .slice(0, order)
    .map((each, i) =>
      levelOf(
        each,
        i === order - 1 ? each.counts : each.continuations,
        i === 0 ? 1 : (ngrams.orders[i - 1]?.size ?? 0),
      ),
    );

  /** The probability of `token` where `ending[n − 1]` is the n-gram before it; then steps `ending` on. */
  const advance = (ending: Int32Array, token: number): number => {
    let probability = 1 / ngrams.vocabularySize;
    let context = 0;
    for (let n = 0; n < order; n += 1) {
      const level = levels[n];
      let id = absent;
      if (level !== undefined && context !== absent) {
        id = level.order.find(context, token);
        const total = level.totals[context] ?? 0;
        if (total > 0) {
          const count = id === absent ? 0 : (level.counts[id] ?? 0);
          const kept = count - (level.discounts[Math.min(count, 3)] ?? 0);
          probability = kept / total + (level.masses[context] ?? 0) * probability;
        }
      }
      context = ending[n] ?? absent;
      ending[n] = id;
    }
    return probability;
  };

  return {
    order,
    probability: (context, token) => {
      const ending = new Int32Array(order).fill(absent);
      for (const id of context.slice(Math.max(0, context.length - order + 1))) advance(ending, id);
      return advance(ending, token);
    },
    nats: (ids) => {
      const ending = new Int32Array(order).fill(absent);
      let nats = 0;
      for (const token of ids) nats -= Math.log(advance(ending, token));
      return nats;
    },
  };
}
