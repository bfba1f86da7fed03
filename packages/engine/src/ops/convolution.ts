import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { product, showType, type TensorType } from '../types.js';
import { convolutionInputGradientOp, convolutionWeightGradientOp } from './convolution-gradients.js';
import { gradientsAtPeaks } from './convolution-peaks.js';
import { defineOp } from './define.js';
import { activationOf, linearActivations } from './linear.js';
import { permute } from './permute.js';
import { reshape } from './reshape.js';
import { sum } from './sum.js';
import {
  eachTap,
  type WindowAttributes,
  type WindowOptions,
  type Windows,
  windowAttributes,
  windowParameters,
  windowShape,
  windowsOf,
} from './window.js';

// B batch, H height, W width, C channels, F filters, G groups, K taps
type ConvolutionAttributes = WindowAttributes & { readonly groups: number; readonly activation: string };

const windows = (x: readonly number[], weight: readonly number[], the: ConvolutionAttributes): Windows =>
  windowsOf('convolution', x, weight.slice(1, -1), the);

/** Filters [F, .., C/G] as those of the backward pass, [C, .., F/G]: each channel gathers from the filters of its group. */
const turned = (weight: Tensor, groups: number): Tensor => {
  const [filters = 1, ...rest] = weight.shape;
  const taps = rest.slice(0, -1);
  const [each, channels] = [filters / groups, rest.at(-1) ?? 1];
  const grouped = permute(reshape(weight, [groups, each, product(taps), channels]), [0, 3, 2, 1]);
  return reshape(grouped, [groups * channels, ...taps, each]);
};

/**
 * y[b, i, j, f] = activation(Σ x[b, i·s + u·d − p, j·s + v·d − p, c] weight[f, u, v, c] + bias[f]) + residual; `pre` is what
 * the activation saw. Filters of group g see the channels of group g.
 *   x: [B, H, W, C] or [B, T, C], weight: [F, KH, KW, C/G] or [F, K, C/G], bias: [F] → y, pre: [B, OH, OW, F] or [B, OT, F].
 * Models record it plain; the pass `fuse-linear` adds activation and residual. Errors: SHAPE_MISMATCH.
 * Source: Dumoulin and Visin 2016, arXiv 1603.07285.
 */
export const convolutionOp = defineOp({
  name: 'convolution',
  inputs: ['x', 'weight'],
  optional: ['bias', 'residual'],
  outputs: ['y', 'pre'],
  mixed: { half: ['x', 'weight', 'residual'], full: ['bias'] },
  infer: ({ x, weight, bias }, attributes: ConvolutionAttributes) => {
    const { groups } = attributes;
    const [filters = 0] = weight.shape;
    const channels = x.shape.at(-1) ?? 0;
    const fits = x.shape.length === weight.shape.length && channels === groups * (weight.shape.at(-1) ?? 0);
    if (!fits || filters % groups !== 0 || (bias !== undefined && product(bias.shape) !== filters))
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[convolution] x [B, .., C], weight [F, .., C/G] and bias [F] with ${groups} groups; received ${showType(x)} and ${showType(weight)}`,
      });
    const type: TensorType = {
      dtype: x.dtype,
      shape: windowShape(x.shape, windows(x.shape, weight.shape, attributes), filters),
    };
    return { y: type, pre: type };
  },
  gradient: ({ inputs: { x, weight, bias }, d, attributes }) => {
    const dy = d.y;
    if (dy === undefined) return {};
    const { stride, padding, dilation, groups, activation } = attributes;
    if (activation !== 'none')
      throw new OctavoError('GRAPH_INVALID', {
        what: 'differentiate before fusing: this convolution already has its activation',
      });
    const the = { stride, padding, dilation, groups };
    const rows = reshape(dy, [product(dy.shape.slice(0, -1)), dy.shape.at(-1) ?? 1]);
    const ofBias = bias === undefined ? {} : { bias: sum(rows, [0, 1]) };
    const atPeaks = groups === 1 ? gradientsAtPeaks({ x, weight, dy }, attributes) : undefined;
    if (atPeaks !== undefined) return { ...atPeaks, ...ofBias };
    return {
      x: record(x.trace, convolutionInputGradientOp, { dy, weight: turned(weight, groups) }, { ...the, shape: x.shape })
        .dx,
      weight: record(x.trace, convolutionWeightGradientOp, { x, dy }, { ...the, shape: weight.shape }).dweight,
      ...ofBias,
    };
  },
  reference: ({ x, weight, bias, residual }, attributes) => {
    const the = windows(x.shape, weight.shape, attributes);
    const { groups, activation } = attributes;
    const [filters, taps] = [weight.shape[0], the.tapsHigh * the.tapsWide];
    const [each, channels] = [filters / groups, the.channels / groups];
    const shape = windowShape(x.shape, the, filters);
    const pre = Float64Array.from({ length: product(shape) }, (_, i) => bias?.data[i % filters] ?? 0);
    eachTap(the, attributes, (out, from, tap) => {
      for (let f = 0; f < filters; f++)
        for (let c = 0; c < channels; c++)
          pre[out * filters + f] +=
            x.data[from * the.channels + Math.floor(f / each) * channels + c] *
            weight.data[(f * taps + tap) * channels + c];
    });
    const forward = activationOf(activation);
    return {
      y: { shape, data: pre.map((value, i) => forward(value) + (residual?.data[i] ?? 0)) },
      pre: { shape, data: pre },
    };
  },
  parameters: ({ x, weight }, attributes) => [
    ...windowParameters(windows(x.shape, weight.shape, attributes), attributes),
    weight.shape[0],
    attributes.groups,
    linearActivations.map(String).indexOf(attributes.activation),
  ],
});

/** 1-D or 2-D convolution, channels last; see `convolutionOp` for the shapes. */
export const convolution = (
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  { groups = 1, ...options }: WindowOptions & { readonly groups?: number } = {},
): Tensor =>
  record(x.trace, convolutionOp, bias === undefined ? { x, weight } : { x, weight, bias }, {
    ...windowAttributes(x.shape.length - 2, options),
    groups,
    activation: 'none',
  }).y;
