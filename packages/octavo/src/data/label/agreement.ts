/**
 * How far people agree beyond chance. Ratings are rows of raters by units, a missing one undefined; categories are any
 * strings, numbers where distances between them count.
 */

/**
 * Cohen's kappa of two raters over the units that both rated: κ = (pₒ − pₑ) / (1 − pₑ). NaN when chance alone would agree
 * always. Source: Cohen 1960.
 */
export function cohenKappa<Category>(
  one: readonly (Category | undefined)[],
  other: readonly (Category | undefined)[],
): number {
  const both = one.flatMap((category, at) => {
    const its = other[at];
    return category === undefined || its === undefined ? [] : [[category, its] as const];
  });
  const agreed = both.filter(([mine, its]) => mine === its).length / both.length;
  const [mine, its] = [tally(both.map(([first]) => first)), tally(both.map(([, second]) => second))];
  const chance = [...mine].reduce(
    (sum, [category, count]) => sum + (count / both.length) * ((its.get(category) ?? 0) / both.length),
    0,
  );
  return (agreed - chance) / (1 - chance);
}

/**
 * Fleiss's kappa of counts by unit and category, every unit rated equally often. Source: Fleiss 1971.
 */
export function fleissKappa(counts: readonly (readonly number[])[]): number {
  const raters = sum(counts[0] ?? []);
  const perUnit = counts.map((row) => (sum(row.map((count) => count * count)) - raters) / (raters * (raters - 1)));
  const categories = counts[0]?.length ?? 0;
  const shares = Array.from(
    { length: categories },
    (_, at) => sum(counts.map((row) => row[at] ?? 0)) / (counts.length * raters),
  );
  const chance = sum(shares.map((share) => share * share));
  return (sum(perUnit) / counts.length - chance) / (1 - chance);
}

export const alphaLevels = ['nominal', 'ordinal', 'interval', 'ratio'] as const;
/** How far two categories are from each other. */
export type AlphaLevel = (typeof alphaLevels)[number];

/**
 * Krippendorff's alpha, α = 1 − Dₒ / Dₑ, from the coincidences of values within units; units with one rating say nothing.
 * NaN when there is but one category. Source: Krippendorff 2011, "Computing Krippendorff's alpha-reliability".
 */
export function krippendorffAlpha(units: readonly (readonly (string | number)[])[], level: AlphaLevel): number {
  const pairable = units.filter((unit) => unit.length > 1);
  const values = [...new Set(pairable.flat())].toSorted(
    (one, other) => Number(one) - Number(other) || (one < other ? -1 : 1),
  );
  const at = new Map(values.map((value, index) => [value, index]));
  const n = values.length;
  const coincidences = new Float64Array(n * n);
  for (const unit of pairable)
    for (const [first, one] of unit.entries())
      for (const [second, other] of unit.entries()) {
        if (first === second) continue;
        const cell = (at.get(one) ?? 0) * n + (at.get(other) ?? 0);
        coincidences[cell] = (coincidences[cell] ?? 0) + 1 / (unit.length - 1);
      }
  const totals = Array.from({ length: n }, (_, row) => sum([...coincidences.subarray(row * n, row * n + n)]));
  const all = sum(totals);
  let [observed, expected] = [0, 0];
  for (let row = 0; row < n; row++)
    for (let column = 0; column < n; column++) {
      const apart = distance(level, { values, totals, row, column });
      observed += (coincidences[row * n + column] ?? 0) * apart;
      expected += (totals[row] ?? 0) * (totals[column] ?? 0) * apart;
    }
  return 1 - ((all - 1) * observed) / expected;
}

interface Cell {
  readonly values: readonly (string | number)[];
  readonly totals: readonly number[];
  readonly row: number;
  readonly column: number;
}

/** The squared difference δ² of two values. */
function distance(level: AlphaLevel, { values, totals, row, column }: Cell): number {
  if (row === column) return 0;
  if (level === 'nominal') return 1;
  if (level === 'ordinal') {
    const [low, high] = [Math.min(row, column), Math.max(row, column)];
    return (sum(totals.slice(low, high + 1)) - ((totals[low] ?? 0) + (totals[high] ?? 0)) / 2) ** 2;
  }
  const [one, other] = [Number(values[row]), Number(values[column])];
  return level === 'interval' ? (one - other) ** 2 : ((one - other) / (one + other)) ** 2;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const tally = <Category>(values: readonly Category[]): Map<Category, number> => {
  const counts = new Map<Category, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};
