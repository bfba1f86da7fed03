import { record, type Tensor, tensorOf } from '../trace/trace.js';
import { isHalf, product, type TensorType } from '../types.js';
import { defineOp } from './define.js';
import { type WindowAttributes, windowParameters, windowsOf } from './window.js';

// B batch, T time, C channels, F filters, K taps
type PeakAttributes = WindowAttributes & {
  /** Of the result. */
  readonly shape: readonly number[];
};

/** Calls f(b, f, t, tap) for every tap inside the sequence of the one window that sequence b and filter f have. */
function eachPeak(
  index: Float64Array,
  { batch, width, outWidth, tapsWide }: ReturnType<typeof windowsOf>,
  { stride, padding, dilation }: WindowAttributes,
  visit: (b: number, f: number, t: number, tap: number) => void,
): void {
  const filters = index.length / Math.max(1, batch);
  index.forEach((position, i) => {
    if (position < 0 || position >= outWidth) return;
    for (let tap = 0; tap < tapsWide; tap++) {
      const t = position * stride[1] + tap * dilation[1] - padding[2];
      if (t >= 0 && t < width) visit(Math.floor(i / filters), i % filters, t, tap);
    }
  });
}

/**
 * The gradient by the weight where y was read at one position a sequence and filter: B·F·K·C products, not B·T·F·K·C.
 *   x: [B, T, C], dy: [B, 1, F], index: int32 [B, 1, F] → dweight: [F, K, C], float32 for 16-bit x.
 */
export const convolutionWeightGradientAtOp = defineOp({
  name: 'convolutionWeightGradientAt',
  inputs: ['x', 'dy', 'index'],
  outputs: ['dweight'],
  infer: ({ x }, { shape }: PeakAttributes) => ({
    dweight: { dtype: isHalf(x.dtype) ? 'float32' : x.dtype, shape } satisfies TensorType,
  }),
  reference: ({ x, dy, index }, attributes) => {
    const { shape } = attributes;
    const [filters, taps, channels] = shape;
    const data = new Float64Array(product(shape));
    const the = windowsOf('convolution', x.shape, [taps], attributes);
    eachPeak(index.data, the, attributes, (b, f, t, tap) => {
      for (let c = 0; c < channels; c++)
        data[(f * taps + tap) * channels + c] += dy.data[b * filters + f] * x.data[(b * the.width + t) * channels + c];
    });
    return { dweight: { shape, data } };
  },
  parameters: ({ x }, attributes) => [
    ...windowParameters(windowsOf('convolution', x.shape, [attributes.shape[1]], attributes), attributes),
    attributes.shape[0],
  ],
});

/** The same by x. dy: [B, 1, F], index: int32 [B, 1, F], weight: [F, K, C] → dx: [B, T, C]. */
export const convolutionInputGradientAtOp = defineOp({
  name: 'convolutionInputGradientAt',
  inputs: ['dy', 'index', 'weight'],
  outputs: ['dx'],
  mixed: { half: ['dy', 'weight'] },
  infer: ({ dy }, { shape }: PeakAttributes) => ({ dx: { dtype: dy.dtype, shape } }),
  reference: ({ dy, index, weight }, attributes) => {
    const { shape } = attributes;
    const [filters, taps, channels] = weight.shape;
    const data = new Float64Array(product(shape));
    const the = windowsOf('convolution', shape, [taps], attributes);
    eachPeak(index.data, the, attributes, (b, f, t, tap) => {
      for (let c = 0; c < channels; c++)
        data[(b * the.width + t) * channels + c] +=
          dy.data[b * filters + f] * weight.data[(f * taps + tap) * channels + c];
    });
    return { dx: { shape, data } };
  },
  parameters: ({ weight }, attributes) => [
    ...windowParameters(windowsOf('convolution', attributes.shape, [weight.shape[1]], attributes), attributes),
    weight.shape[0],
  ],
});

/**
 * What a gradient [B, T, F] was scattered from, where it came from a maximum over time: all but one element of each
 * sequence and filter are 0, so the gradients of the convolution before it need not walk them.
 */
function scatteredOverTime(dy: Tensor): { readonly dy: Tensor; readonly index: Tensor } | undefined {
  const maker = dy.trace.nodes.find(({ outputs }) => outputs[0] === dy.id);
  if (maker?.kind !== 'scatterAdd' || maker.attributes['axis'] !== 1 || dy.shape.length !== 3) return undefined;
  const [from, index] = maker.inputs.map((id) => tensorOf(dy.trace, id));
  const [batch, , filters] = dy.shape;
  const one = index.shape[0] === batch && index.shape[1] === 1 && index.shape[2] === filters;
  return one ? { dy: from, index } : undefined;
}

/** The gradients of a 1-D convolution without groups that a maximum over time follows; undefined for any other. */
export function gradientsAtPeaks(
  { x, weight, dy }: { readonly x: Tensor; readonly weight: Tensor; readonly dy: Tensor },
  windows: WindowAttributes,
): { readonly x: Tensor; readonly weight: Tensor } | undefined {
  const peaks = scatteredOverTime(dy);
  if (peaks === undefined) return undefined;
  const { stride, padding, dilation } = windows;
  const the = { stride, padding, dilation };
  return {
    x: record(x.trace, convolutionInputGradientAtOp, { ...peaks, weight }, { ...the, shape: x.shape }).dx,
    weight: record(x.trace, convolutionWeightGradientAtOp, { ...peaks, x }, { ...the, shape: weight.shape }).dweight,
  };
}
