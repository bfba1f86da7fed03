import { record, type Tensor } from '../trace/trace.js';
import { product, type TensorType } from '../types.js';
import { type Dense, defineOp } from './define.js';

type HeadNormAttributes = { readonly heads: number; readonly headWidth: number; readonly epsilon: number };

const parameters = (
  { x }: { readonly x: TensorType },
  { heads, headWidth, epsilon }: HeadNormAttributes,
): readonly number[] => [product(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1, heads, headWidth, epsilon];

const eachHead = (
  x: Dense,
  { heads, headWidth, epsilon }: HeadNormAttributes,
  visit: (from: number, scale: number) => void,
): void => {
  const channels = x.shape.at(-1) ?? 1;
  for (let row = 0; row < x.data.length; row += channels)
    for (let from = row; from < row + heads * headWidth; from += headWidth) {
      let squares = 0;
      for (let i = 0; i < headWidth; i++) squares += x.data[from + i] ** 2;
      visit(from, 1 / Math.sqrt(squares / headWidth + epsilon));
    }
};

/**
 * RMS-normalises each of the first `heads` heads of the last axis, without gains; the other channels pass through.
 *   x: [.., C] → y: [.., C]. Used on queries and keys. Source: Henry et al. 2020, arXiv 2010.04245.
 */
export const headNormOp = defineOp({
  name: 'headNorm',
  inputs: ['x'],
  outputs: ['y'],
  infer: ({ x }, _: HeadNormAttributes) => ({ y: { dtype: x.dtype, shape: x.shape } }),
  gradient: ({ inputs: { x }, d, attributes }) =>
    d.y === undefined ? {} : { x: record(x.trace, headNormGradientOp, { x, dy: d.y }, attributes).dx },
  reference: ({ x }, attributes) => {
    const data = Float64Array.from(x.data);
    eachHead(x, attributes, (from, scale) => {
      for (let i = 0; i < attributes.headWidth; i++) data[from + i] *= scale;
    });
    return { y: { shape: x.shape, data } };
  },
  parameters,
});

/** dx of headNorm: scale (dy − x̂ · mean(dy ⊙ x̂)) on each normalised head, dy elsewhere. */
export const headNormGradientOp = defineOp({
  name: 'headNormGradient',
  inputs: ['x', 'dy'],
  outputs: ['dx'],
  mixed: { half: ['x', 'dy'] },
  infer: ({ x }, _: HeadNormAttributes) => ({ dx: { dtype: x.dtype, shape: x.shape } }),
  reference: ({ x, dy }, attributes) => {
    const { headWidth } = attributes;
    const data = Float64Array.from(dy.data);
    eachHead(x, attributes, (from, scale) => {
      let along = 0;
      for (let i = 0; i < headWidth; i++) along += dy.data[from + i] * x.data[from + i] * scale;
      for (let i = 0; i < headWidth; i++)
        data[from + i] = scale * (dy.data[from + i] - (x.data[from + i] * scale * along) / headWidth);
    });
    return { dx: { shape: x.shape, data } };
  },
  parameters,
});

export const headNorm = (x: Tensor, the: HeadNormAttributes): Tensor =>
  record(x.trace, headNormOp, { x }, { ...the }).y;
