/** Small drawings inside a table's cell; the number beside them says the same. */
import { type Html, html, nothing } from './html.js';
import { cssPercent } from './numbers.js';

/** A share of the longest. */
export const shareBar = (share: number, strong = false): Html =>
  html`<span class="bar${strong ? ' strong' : ''}" aria-hidden="true"><i style="width:${cssPercent(share)}"></i></span>`;

/** A rate with its interval, and the rate to reach as a line. */
export const intervalBar = ({
  rate,
  low,
  high,
  wanted,
}: {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly wanted?: number | undefined;
}): Html =>
  html`<span class="interval" aria-hidden="true"><i style="left:${cssPercent(low)};width:${cssPercent(high - low)}"></i><b style="left:${cssPercent(rate)}"></b>${wanted === undefined ? nothing : html`<u style="left:${cssPercent(wanted)}"></u>`}</span>`;

/** Measured as a multiple of planned: the middle line is the plan, the right end is twice as much. */
export const planBar = (ratio: number, good: boolean): Html =>
  html`<span class="plan-bar${good ? '' : ' off'}" aria-hidden="true"><i style="width:${cssPercent(ratio / 2)}"></i><b></b></span>`;
