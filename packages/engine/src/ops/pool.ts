import { record, type Tensor } from '../trace/trace.js';
import { product, type TensorType } from '../types.js';
import { constant } from './constant.js';
import { convolution } from './convolution.js';
import { defineOp } from './define.js';
import { divide } from './divide.js';
import { scatterAdd } from './gather.js';
import { multiply } from './multiply.js';
import { reshape } from './reshape.js';
import {
  eachTap,
  type WindowAttributes,
  type WindowOptions,
  windowAttributes,
  windowParameters,
  windowShape,
  windowsOf,
} from './window.js';

type PoolAttributes = WindowAttributes & { readonly window: readonly number[] };

/**
 * The largest element of each window and where it is: its position h·W + w, the first of equals; a NaN counts as largest.
 * A window wholly in the padding gives 0 and −1.
 *   x: [B, H, W, C] or [B, T, C] → y: [B, OH, OW, C] or [B, OT, C], index: int32, like y. Errors: SHAPE_MISMATCH.
 */
export const maxPoolOp = defineOp({
  name: 'maxPool',
  inputs: ['x'],
  outputs: ['y', 'index'],
  infer: ({ x }, attributes: PoolAttributes) => {
    const the = windowsOf('maxPool', x.shape, attributes.window, attributes);
    const shape = windowShape(x.shape, the, the.channels);
    return { y: { dtype: x.dtype, shape }, index: { dtype: 'int32', shape } satisfies TensorType };
  },
  gradient: ({ inputs: { x }, outputs: { index }, d }) => {
    const dy = d.y;
    if (dy === undefined) return {};
    const [batch, channels] = [x.shape[0], x.shape.at(-1) ?? 1];
    const flat = [batch, product(dy.shape.slice(1, -1)), channels];
    const dx = scatterAdd(reshape(dy, flat), reshape(index, flat), 1, product(x.shape.slice(1, -1)));
    return { x: reshape(dx, x.shape) };
  },
  reference: ({ x }, attributes) => {
    const the = windowsOf('maxPool', x.shape, attributes.window, attributes);
    const { channels, height, width } = the;
    const shape = windowShape(x.shape, the, channels);
    const y = new Float64Array(product(shape));
    const index = new Float64Array(y.length).fill(-1);
    eachTap(the, attributes, (out, from) => {
      for (let c = 0; c < channels; c++) {
        const [at, value] = [out * channels + c, x.data[from * channels + c]];
        if (index[at] >= 0 && !(value > y[at]) && !(Number.isNaN(value) && !Number.isNaN(y[at]))) continue;
        y[at] = value;
        index[at] = from % (height * width);
      }
    });
    return { y: { shape, data: y }, index: { shape, data: index } };
  },
  parameters: ({ x }, attributes) =>
    windowParameters(windowsOf('maxPool', x.shape, attributes.window, attributes), attributes),
});

type Window = number | readonly number[];
const windowOf = (x: Tensor, window: Window): readonly number[] =>
  typeof window === 'number' ? Array.from({ length: x.shape.length - 2 }, () => window) : window;

/** The largest of each window of x: [B, T, C] or [B, H, W, C]. Windows do not overlap unless `stride` says otherwise. */
export const maxPool = (x: Tensor, window: Window, { stride = window, ...options }: WindowOptions = {}): Tensor =>
  record(
    x.trace,
    maxPoolOp,
    { x },
    { window: windowOf(x, window), ...windowAttributes(x.shape.length - 2, { stride, ...options }) },
  ).y;

/**
 * The mean of each window of x: [B, T, C] or [B, H, W, C], as a convolution of each channel by ones. Padding counts as
 * zeros, or not at all where `countPadding` is false.
 */
export function averagePool(
  x: Tensor,
  window: Window,
  { stride = window, countPadding = true, ...options }: WindowOptions & { readonly countPadding?: boolean } = {},
): Tensor {
  const taps = windowOf(x, window);
  const ones = (shape: readonly number[]): Tensor =>
    constant(x.trace, { value: 1, shape, dtype: x.dtype === 'float64' ? 'float64' : 'float32' });
  const total = (values: Tensor, channels: number): Tensor =>
    convolution(values, ones([channels, ...taps, 1]), undefined, { stride, groups: channels, ...options });
  const sums = total(x, x.shape.at(-1) ?? 1);
  if (countPadding) return multiply(sums, 1 / product(taps));
  return divide(sums, total(ones([1, ...x.shape.slice(1, -1), 1]), 1));
}
