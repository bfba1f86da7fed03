import { invariant } from '../core/index.js';
import { seededRandom } from './seeded-random.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % point of the normal distribution: a 95 % interval. */
const z95 = 1.959963984540054;

/**
 * Where the true rate lies with 95 % confidence after `right` of `n`: Wilson's score interval, which is sane at 0, at
 * n and for small n. Without any trial it is all of [0, 1]. Source: Wilson 1927, JASA 22, 209–212.
 */
export function wilsonInterval({ right, n }: { readonly right: number; readonly n: number }): Interval {
  invariant(right >= 0 && right <= n, `0 ≤ ${right} right ≤ ${n}`);
  if (n === 0) return { low: 0, high: 1 };
  const p = right / n;
  const z2 = z95 * z95;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (z95 / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  return { low: right === 0 ? 0 : Math.max(0, centre - half), high: right === n ? 1 : Math.min(1, centre + half) };
}

/**
 * 95 % percentile interval of a statistic, by drawing as many items as there are, with replacement, `samples` times.
 * Items should be independent (documents, windows), not single tokens. Source: Efron 1979.
 */
export function bootstrapInterval<Item>(
  items: readonly Item[],
  statistic: (drawn: readonly Item[]) => number,
  { seed, samples = 1000 }: { readonly seed: number; readonly samples?: number },
): Interval {
  invariant(items.length > 0, 'a bootstrap has items to draw');
  const random = seededRandom(seed);
  const draw = (): Item => {
    const item = items[Math.floor(random() * items.length)];
    if (item === undefined) throw new RangeError('a draw lies in the list');
    return item;
  };
  const values = Float64Array.from({ length: samples }, () => statistic(Array.from(items, draw))).sort();
  const at = (share: number) => values[Math.min(samples - 1, Math.floor(share * samples))] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}
