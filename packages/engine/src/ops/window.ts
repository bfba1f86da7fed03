import { OctavoError } from '../error.js';

/** How windows lie over an image, as attributes of a node. Pairs are [high, wide]; padding is [top, bottom, left, right]. */
export type WindowAttributes = {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
};

/** As a caller says it: one number for all sides, or for 1-D [before, after], for 2-D a pair or four sides. */
export interface WindowOptions {
  readonly stride?: number | readonly number[];
  readonly padding?: number | readonly number[];
  readonly dilation?: number | readonly number[];
}

/** Sizes with their axis names. A sequence is an image of height 1. */
export interface Windows {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly tapsHigh: number;
  readonly tapsWide: number;
}

const pair = (value: number | readonly number[], rank: number, high: number): readonly number[] => {
  const given = typeof value === 'number' ? Array.from({ length: rank }, () => value) : value;
  return given.length === 1 ? [high, given[0]] : given;
};
const sides = (value: number | readonly number[], rank: number): readonly number[] => {
  if (typeof value === 'number') return rank === 1 ? [0, 0, value, value] : [value, value, value, value];
  return rank === 1 ? [0, 0, ...value] : value;
};

/** Attributes from options for `rank` axes: 1 or 2. */
export const windowAttributes = (
  rank: number,
  { stride = 1, padding = 0, dilation = 1 }: WindowOptions,
): WindowAttributes => ({
  stride: pair(stride, rank, 1),
  padding: sides(padding, rank),
  dilation: pair(dilation, rank, 1),
});

/** x: [B, T, C] or [B, H, W, C], taps: [K] or [KH, KW] → sizes. Errors: SHAPE_MISMATCH. */
export function windowsOf(op: string, x: readonly number[], taps: readonly number[], the: WindowAttributes): Windows {
  const { stride, padding, dilation } = the;
  const whole = (values: readonly number[], count: number, least: number): boolean =>
    values.length === count && values.every((value) => Number.isInteger(value) && value >= least);
  const refuse = (what: string): never => {
    throw new OctavoError('SHAPE_MISMATCH', { what: `[${op}] ${what}` });
  };
  if (!whole(stride, 2, 1) || !whole(padding, 4, 0) || !whole(dilation, 2, 1) || !whole(taps, x.length - 2, 1))
    return refuse(
      `windows of positive sizes, strides and dilations; received [${taps.join(', ')}] over [${x.join(', ')}]`,
    );
  const [batch, height, width, channels] = x.length === 3 ? [x[0], 1, x[1], x[2]] : x;
  const [tapsHigh, tapsWide] = taps.length === 1 ? [1, taps[0]] : taps;
  const positions = (size: number, pad: number, tapCount: number, axis: number): number =>
    Math.floor((size + pad - dilation[axis] * (tapCount - 1) - 1) / stride[axis]) + 1;
  const outHeight = positions(height, padding[0] + padding[1], tapsHigh, 0);
  const outWidth = positions(width, padding[2] + padding[3], tapsWide, 1);
  if (outHeight < 0 || outWidth < 0 || (x.length !== 3 && x.length !== 4))
    return refuse(`an image no smaller than its window; received [${x.join(', ')}] for [${taps.join(', ')}]`);
  return { batch, height, width, channels, outHeight, outWidth, tapsHigh, tapsWide };
}

/** The result's shape: as x's, with other positions and channels. */
export const windowShape = (
  x: readonly number[],
  { batch, outHeight, outWidth }: Windows,
  channels: number,
): readonly number[] => (x.length === 3 ? [batch, outWidth, channels] : [batch, outHeight, outWidth, channels]);

/** Calls f(out, in, tap) for every pair of positions that meet, as flat indices into [B·OH·OW], [B·H·W] and [KH·KW]. */
export function eachTap(
  the: Windows,
  attributes: WindowAttributes,
  f: (out: number, from: number, tap: number) => void,
): void {
  const { stride, padding, dilation } = attributes;
  for (let b = 0; b < the.batch; b++)
    for (let i = 0; i < the.outHeight; i++)
      for (let j = 0; j < the.outWidth; j++)
        for (let u = 0; u < the.tapsHigh; u++)
          for (let v = 0; v < the.tapsWide; v++) {
            const h = i * stride[0] + u * dilation[0] - padding[0];
            const w = j * stride[1] + v * dilation[1] - padding[2];
            if (h < 0 || h >= the.height || w < 0 || w >= the.width) continue;
            f((b * the.outHeight + i) * the.outWidth + j, (b * the.height + h) * the.width + w, u * the.tapsWide + v);
          }
}

/** What kernels read first: sizes, then stride, dilation, and what is padded before the image. */
export const windowParameters = (the: Windows, { stride, padding, dilation }: WindowAttributes): readonly number[] => [
  the.batch,
  the.height,
  the.width,
  the.channels,
  the.outHeight,
  the.outWidth,
  the.tapsHigh,
  the.tapsWide,
  ...stride,
  ...dilation,
  padding[0],
  padding[2],
];
