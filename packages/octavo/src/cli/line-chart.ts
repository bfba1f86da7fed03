/** A curve in braille: each character is two dots wide and four high. */

const dotBits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

export interface ChartSize {
  /** Characters. */
  readonly columns: number;
  readonly rows: number;
}

interface ChartPoint {
  readonly at: number;
  readonly value: number;
}

const label = (value: number): string =>
  Math.abs(value) >= 1000 || (value !== 0 && Math.abs(value) < 0.01) ? value.toExponential(1) : value.toFixed(2);

/** Points by column of dots: their mean, so that many noisy points make one line. */
const columnMeans = (
  points: readonly ChartPoint[],
  dots: number,
  from: number,
  to: number,
): readonly (number | undefined)[] => {
  const sums = Array.from({ length: dots }, () => ({ sum: 0, count: 0 }));
  for (const { at, value } of points) {
    const bin = sums[to === from ? 0 : Math.round(((at - from) / (to - from)) * (dots - 1))];
    if (bin === undefined) continue;
    bin.sum += value;
    bin.count += 1;
  }
  return sums.map(({ sum, count }) => (count === 0 ? undefined : sum / count));
};

/** The curve with the range of values at its left and of positions below; empty without two finite points. */
export const lineChart = (points: readonly ChartPoint[], { columns, rows }: ChartSize): string => {
  const finite = points.filter(({ at, value }) => Number.isFinite(at) && Number.isFinite(value));
  const first = finite[0];
  const last = finite.at(-1);
  if (first === undefined || last === undefined || finite.length < 2) return '';
  const means = columnMeans(finite, columns * 2, first.at, last.at);
  const known = means.filter((mean) => mean !== undefined);
  const low = Math.min(...known);
  const high = Math.max(...known);
  const dotRows = rows * 4;
  const rowOf = (value: number) =>
    high === low ? dotRows - 1 : Math.round(((high - value) / (high - low)) * (dotRows - 1));
  const cells = Array.from({ length: rows }, () => new Uint8Array(columns));
  const dot = (x: number, y: number) => {
    const row = cells[Math.floor(y / 4)];
    const bit = dotBits[y % 4]?.[x % 2];
    const cell = Math.floor(x / 2);
    if (row !== undefined && bit !== undefined) row[cell] = (row[cell] ?? 0) | bit;
  };
  let before: { readonly x: number; readonly y: number } | undefined;
  for (const [x, mean] of means.entries()) {
    if (mean === undefined) continue;
    const y = rowOf(mean);
    const start = before ?? { x, y };
    // Straight lines between neighbours, so that the curve has no holes.
    const steps = Math.max(1, x - start.x, Math.abs(y - start.y));
    for (let step = 0; step <= steps; step += 1)
      dot(Math.round(start.x + ((x - start.x) * step) / steps), Math.round(start.y + ((y - start.y) * step) / steps));
    before = { x, y };
  }
  const labels = [label(high), ...Array.from({ length: Math.max(0, rows - 2) }, () => ''), label(low)].slice(0, rows);
  const width = Math.max(...labels.map((text) => text.length));
  const lines = cells.map(
    (row, index) =>
      `${(labels[index] ?? '').padStart(width)} ┤${String.fromCharCode(...[...row].map((bits) => 0x2800 + bits))}`,
  );
  const ends = `${' '.repeat(width + 2)}${String(first.at).padEnd(Math.max(0, columns - String(last.at).length))}${last.at}`;
  return [...lines, ends].join('\n');
};
