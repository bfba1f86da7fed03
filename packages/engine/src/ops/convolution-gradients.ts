import { isHalf, product, type TensorType } from '../types.js';
import { defineOp } from './define.js';
import { eachTap, type WindowAttributes, windowParameters, windowsOf } from './window.js';

type GradientAttributes = WindowAttributes & {
  readonly groups: number;
  /** Of the result. */
  readonly shape: readonly number[];
};

/**
 * dx[b, h, w, c] = Σ dy[b, i, j, f] weight[c, u, v, f] over the positions and taps that read x[b, h, w, c]: itself a
 * convolution, over dy with stride − 1 zeros between its elements.
 *   dy: [B, OH, OW, F], weight: [C, KH, KW, F/G] (turned by `convolution`) → dx: [B, H, W, C].
 */
export const convolutionInputGradientOp = defineOp({
  name: 'convolutionInputGradient',
  inputs: ['dy', 'weight'],
  outputs: ['dx'],
  mixed: { half: ['dy', 'weight'] },
  infer: ({ dy }, { shape }: GradientAttributes) => ({ dx: { dtype: dy.dtype, shape } }),
  reference: ({ dy, weight }, attributes) => {
    const { groups, shape } = attributes;
    const the = windowsOf('convolutionInputGradient', shape, weight.shape.slice(1, -1), attributes);
    const [filters, taps] = [dy.shape.at(-1) ?? 1, the.tapsHigh * the.tapsWide];
    const [each, channels] = [filters / groups, the.channels / groups];
    const data = new Float64Array(product(shape));
    eachTap(the, attributes, (out, from, tap) => {
      for (let c = 0; c < the.channels; c++)
        for (let f = 0; f < each; f++)
          data[from * the.channels + c] +=
            dy.data[out * filters + Math.floor(c / channels) * each + f] * weight.data[(c * taps + tap) * each + f];
    });
    return { dx: { shape, data } };
  },
  parameters: ({ dy, weight }, attributes) => [
    ...windowParameters(
      windowsOf('convolutionInputGradient', attributes.shape, weight.shape.slice(1, -1), attributes),
      attributes,
    ),
    dy.shape.at(-1) ?? 1,
    attributes.groups,
    0,
  ],
});

/**
 * dweight[f, u, v, c] = Σ dy[b, i, j, f] x[b, i·s + u·d − p, j·s + v·d − p, c] over b, i, j; float32 for 16-bit operands.
 *   x: [B, H, W, C], dy: [B, OH, OW, F] → dweight: [F, KH, KW, C/G].
 */
export const convolutionWeightGradientOp = defineOp({
  name: 'convolutionWeightGradient',
  inputs: ['x', 'dy'],
  outputs: ['dweight'],
  mixed: { half: ['x', 'dy'] },
  infer: ({ x }, { shape }: GradientAttributes) => ({
    dweight: { dtype: isHalf(x.dtype) ? 'float32' : x.dtype, shape } satisfies TensorType,
  }),
  reference: ({ x, dy }, attributes) => {
    const { groups, shape } = attributes;
    const the = windowsOf('convolutionWeightGradient', x.shape, shape.slice(1, -1), attributes);
    const [filters, taps] = [shape[0], the.tapsHigh * the.tapsWide];
    const [each, channels] = [filters / groups, the.channels / groups];
    const data = new Float64Array(product(shape));
    eachTap(the, attributes, (out, from, tap) => {
      for (let f = 0; f < filters; f++)
        for (let c = 0; c < channels; c++)
          data[(f * taps + tap) * channels + c] +=
            dy.data[out * filters + f] * x.data[from * the.channels + Math.floor(f / each) * channels + c];
    });
    return { dweight: { shape, data } };
  },
  parameters: ({ x }, attributes) => [
    ...windowParameters(
      windowsOf('convolutionWeightGradient', x.shape, attributes.shape.slice(1, -1), attributes),
      attributes,
    ),
    attributes.shape[0],
    attributes.groups,
    0,
  ],
});
