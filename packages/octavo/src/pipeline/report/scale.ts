/** Axes: where values stand and which of them are written. */

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

const step = (span: number, count: number): number => {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= rough) ?? 10;
  return factor * power;
};

/** A multiple of a step, cleaned of what binary fractions add. */
const round = (value: number): number => Number(value.toPrecision(15));

/** Round ticks, about `count` of them, between values; `widen` moves the ends out to round numbers. */
export const scaleOf = (
  values: readonly number[],
  { count = 5, widen = true, from }: { readonly count?: number; readonly widen?: boolean; readonly from?: number } = {},
): Scale => {
  const finite = values.filter(Number.isFinite);
  const least = finite.reduce((a, b) => Math.min(a, b), from ?? Number.POSITIVE_INFINITY);
  const most = finite.reduce((a, b) => Math.max(a, b), from ?? Number.NEGATIVE_INFINITY);
  if (!(least <= most)) return { low: 0, high: 1, ticks: [0, 1] };
  const margin = most > least ? 0 : Math.max(Math.abs(most) * 0.1, 1e-9);
  const by = step(most - least + 2 * margin, count);
  const low = widen ? round(Math.floor((least - margin) / by) * by) : least - margin;
  const high = widen ? round(Math.ceil((most + margin) / by) * by) : most + margin;
  const first = Math.ceil(low / by - 1e-9);
  const last = Math.floor(high / by + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => round((first + at) * by));
  return { low, high, ticks };
};

/** The share of the axis, 0 at its low end. */
export const shareOf = ({ low, high }: Scale, value: number): number => (high > low ? (value - low) / (high - low) : 0);

/** Moves labels apart that would overlap: positions in order keep at least `gap`, and stay within [0, length]. */
export const spread = (wanted: readonly number[], gap: number, length: number): readonly number[] => {
  const order = wanted.map((value, at) => ({ value, at })).toSorted((a, b) => a.value - b.value);
  const placed: number[] = [];
  for (const { value } of order) placed.push(Math.max(value, (placed.at(-1) ?? Number.NEGATIVE_INFINITY) + gap));
  for (let at = placed.length - 1, limit = length; at >= 0; at -= 1) {
    placed[at] = Math.min(placed[at] ?? 0, limit);
    limit = (placed[at] ?? 0) - gap;
  }
  const result: number[] = [];
  for (const [rank, { at }] of order.entries()) result[at] = placed[rank] ?? 0;
  return result;
};
