/**
 * A line chart that keeps its letters at reading size however wide the page is: the drawing is stretched, the words
 * around it are HTML. Values are told by titles on columns under the pointer, and by a table.
 */
import { type Bucket, bucketsOf, type XY } from './buckets.js';
import { type Html, html, nothing } from './html.js';
import { cssPercent, grouped } from './numbers.js';
import { type Scale, scaleOf, shareOf, spread } from './scale.js';
import { dataTable } from './table.js';

export interface Level {
  readonly name: string;
  readonly value: number;
}

export interface LineChart {
  readonly title: string;
  /** What the values are, beside the title. */
  readonly unit: string;
  readonly points: readonly XY[];
  readonly format: (value: number) => string;
  /** Few, exact values: each is a dot. Else the line is a mean, and a band shows between what it lies. */
  readonly dots?: boolean;
  /** The vertical axis begins here, unless values lie lower. */
  readonly from?: number;
  /** Horizontal lines to compare with. */
  readonly levels?: readonly Level[];
  /** A second axis at the right: the same line times `factor`. */
  readonly second?: { readonly unit: string; readonly factor: number };
  readonly tall?: boolean;
  /** What the horizontal axis counts. */
  readonly along: string;
}

const width = 1000;
const mostColumns = 80;
const mostRows = 12;
const labelHeight = 18;

const coordinate = (value: number): string => value.toFixed(1);

const path = (points: readonly (readonly [number, number])[]): string =>
  points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${coordinate(x)} ${coordinate(y)}`).join('');

const stepsOf = ({ from, to }: Bucket): string => (from === to ? grouped(from) : `${grouped(from)} to ${grouped(to)}`);

const describe = ({ title, unit, format, along, levels = [] }: LineChart, buckets: readonly Bucket[]): string => {
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (first === undefined || last === undefined) return title;
  const beside = levels.map(({ name, value }) => `${name} ${format(value)}`).join(', ');
  return `${title}, ${unit}: ${format(first.mean)} at ${along} ${grouped(first.x)}, ${format(last.mean)} at ${along} ${grouped(last.to)}${beside === '' ? '' : `; for comparison ${beside}`}.`;
};

/** Names of the levels beside the plot, moved apart, each joined to its line. */
const levelLabels = (levels: readonly Level[], y: Scale, height: number, format: (value: number) => string): Html => {
  const wanted = levels.map(({ value }) => height * (1 - shareOf(y, value)));
  const placed = spread(wanted, labelHeight, height);
  return html`<div class="chart-levels" aria-hidden="true"><svg viewBox="0 0 12 ${height}" width="12" height="${height}">${levels.map(
    (_, at) =>
      html`<path class="level" d="${path([
        [0, wanted[at] ?? 0],
        [12, placed[at] ?? 0],
      ])}"/>`,
  )}</svg>${levels.map(
    ({ name, value }, at) =>
      html`<span style="top:${coordinate(placed[at] ?? 0)}px">${name} <b>${format(value)}</b></span>`,
  )}</div>`;
};

const rightAxis = ({ second }: LineChart, y: Scale): Html => {
  if (second === undefined) return nothing;
  const own = scaleOf([y.low * second.factor, y.high * second.factor], { count: y.ticks.length, widen: false });
  return html`<div class="chart-y chart-second" aria-hidden="true">${own.ticks.map(
    (tick) => html`<span style="top:${cssPercent(1 - shareOf(y, tick / second.factor))}">${grouped(tick)}</span>`,
  )}<i>${second.unit}</i></div>`;
};

const marks = (
  the: LineChart,
  buckets: readonly Bucket[],
  at: { x: (v: number) => number; y: (v: number) => number },
) => {
  const line = path(buckets.map(({ x, mean }) => [at.x(x), at.y(mean)]));
  if (the.dots === true)
    return html`<path class="line" d="${line}"/><path class="dots" d="${buckets.map(({ x, mean }) => `M${coordinate(at.x(x))} ${coordinate(at.y(mean))}h0`).join('')}"/>`;
  const band = path([
    ...buckets.map(({ x, high }) => [at.x(x), at.y(high)] as const),
    ...buckets.toReversed().map(({ x, low }) => [at.x(x), at.y(low)] as const),
  ]);
  return html`<path class="band" d="${band}Z"/><path class="line" d="${line}"/>`;
};

/** A chart as a figure; nothing where there is no finite point. */
export const lineChart = (the: LineChart): Html => {
  const { points, format, levels = [], from, along, tall = false, second } = the;
  const buckets = bucketsOf(points, the.dots === true ? 400 : 240);
  if (buckets.length === 0) return nothing;
  const height = tall ? 340 : 200;
  const shown = levels.filter(({ value }) => Number.isFinite(value));
  const x = scaleOf(
    buckets.flatMap((bucket) => [bucket.from, bucket.to]),
    { count: 4, widen: false, from: 0 },
  );
  // The first steps of an untrained model would flatten the rest: with levels, the axis ends a little above the highest.
  const top = shown.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...shown.map(({ value }) => value)) * 1.12;
  const y = scaleOf(
    [
      ...buckets.flatMap(({ low, high }) => [Math.min(low, top), Math.min(high, top)]),
      ...shown.map(({ value }) => value),
    ],
    { count: tall ? 6 : 4, ...(from === undefined ? {} : { from }) },
  );
  const at = {
    x: (value: number) => width * shareOf(x, value),
    y: (value: number) => height * (1 - shareOf(y, value)),
  };
  const columns = bucketsOf(points, mostColumns);
  const column = (bucket: Bucket, index: number): Html => {
    const left = index === 0 ? 0 : (at.x(columns[index - 1]?.to ?? 0) + at.x(bucket.from)) / 2;
    const right = index === columns.length - 1 ? width : (at.x(bucket.to) + at.x(columns[index + 1]?.from ?? 0)) / 2;
    return html`<rect x="${coordinate(left)}" y="0" width="${coordinate(Math.max(0, right - left))}" height="${height}"><title>${along} ${stepsOf(bucket)}: ${format(bucket.mean)}${second === undefined ? '' : ` · ${grouped(bucket.mean * second.factor)} ${second.unit}`}</title></rect>`;
  };
  const table = bucketsOf(points, mostRows).map((bucket) => [
    stepsOf(bucket),
    format(bucket.mean),
    ...(the.dots === true ? [] : [`${format(bucket.low)} to ${format(bucket.high)}`]),
  ]);
  return html`<figure class="chart"><figcaption><b>${the.title}</b> <span>${the.unit}</span></figcaption>
<div class="plot${tall ? ' tall' : ''}${shown.length > 0 ? ' with-levels' : ''}${second === undefined ? '' : ' with-second'}">
<div class="chart-y" aria-hidden="true">${y.ticks.map((tick) => html`<span style="top:${cssPercent(1 - shareOf(y, tick))}">${format(tick)}</span>`)}</div>
<svg class="chart-area" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${describe(the, buckets)}">${y.ticks.map((tick) => html`<path class="grid" d="M0 ${coordinate(at.y(tick))}H${width}"/>`)}${shown.map(({ value }) => html`<path class="level" d="M0 ${coordinate(at.y(value))}H${width}"/>`)}${marks(the, buckets, at)}<g class="columns">${columns.map(column)}</g></svg>
${shown.length > 0 ? levelLabels(shown, y, height, format) : nothing}${rightAxis(the, y)}
<div class="chart-x" aria-hidden="true">${x.ticks.map((tick) => html`<span style="left:${cssPercent(shareOf(x, tick))}">${grouped(tick)}</span>`)}</div>
</div>
<details><summary>As a table</summary>${dataTable({ caption: the.title, hideCaption: true, head: [along, the.unit, ...(the.dots === true ? [] : ['between'])], rows: table })}</details></figure>`;
};
