export interface XY {
  readonly x: number;
  readonly y: number;
}

/** Neighbouring points as one: their mean, and between which values they lay. */
export interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly x: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** At most `count` buckets of equally many points, so that a page stays small however long the training was. */
export const bucketsOf = (points: readonly XY[], count: number): readonly Bucket[] => {
  const finite = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  const size = Math.max(1, Math.ceil(finite.length / count));
  const buckets: Bucket[] = [];
  for (let at = 0; at < finite.length; at += size) {
    const part = finite.slice(at, at + size);
    const [first, last] = [part[0], part.at(-1)];
    if (first === undefined || last === undefined) break;
    buckets.push({
      from: first.x,
      to: last.x,
      x: part.reduce((sum, { x }) => sum + x, 0) / part.length,
      mean: part.reduce((sum, { y }) => sum + y, 0) / part.length,
      low: part.reduce((low, { y }) => Math.min(low, y), Number.POSITIVE_INFINITY),
      high: part.reduce((high, { y }) => Math.max(high, y), Number.NEGATIVE_INFINITY),
    });
  }
  return buckets;
};
