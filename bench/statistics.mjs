/** What a benchmark says of its samples. */

const ascending = (values) => [...values].sort((a, b) => a - b);

/** The value below which a share of the samples lies, interpolated between neighbours. */
export const quantile = (values, share) => {
  const sorted = ascending(values);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  return below + (sorted[Math.ceil(place)] - below) * (place - Math.floor(place));
};

export const median = (values) => quantile(values, 0.5);

/** Best, median, quartiles and their distance as a share of the median; fewer seconds are better. */
export const summary = (seconds) => {
  const [lower, middle, upper] = [0.25, 0.5, 0.75].map((share) => quantile(seconds, share));
  return {
    n: seconds.length,
    best: Math.min(...seconds),
    median: middle,
    lower,
    upper,
    spread: (upper - lower) / middle,
  };
};

/**
 * How many times faster `ours` is than `theirs`, sample by sample of the same round, so that a slow spell of the
 * machine weighs on both: the median of the ratios and their quartiles.
 */
export const speedup = (ours, theirs) => {
  const ratios = ours.slice(0, theirs.length).map((seconds, round) => theirs[round] / seconds);
  return { median: median(ratios), lower: quantile(ratios, 0.25), upper: quantile(ratios, 0.75), n: ratios.length };
};
