import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { product, showType } from '../types.js';
import { defineOp } from './define.js';

type RotaryAttributes = { readonly heads: number; readonly headWidth: number; readonly inverse: boolean };

const turn = (x: Tensor, angles: Tensor, attributes: RotaryAttributes): Tensor =>
  record(x.trace, rotaryOp, { x, angles }, attributes).y;

/**
 * Turns the first `heads` heads of the last axis by their positions' angles; the other channels pass through.
 * Channels i and i + W/2 of a head turn together (the 'halves' convention of Llama).
 *   x: [.., C] with C ≥ heads·W, angles: [.., W] from rotaryAngles → y: [.., C]. Source: Su et al. 2021, arXiv 2104.09864.
 */
export const rotaryOp = defineOp({
  name: 'rotary',
  inputs: ['x', 'angles'],
  outputs: ['y'],
  mixed: { full: ['angles'] },
  infer: ({ x, angles }, { heads, headWidth }: RotaryAttributes) => {
    const rows = product(x.shape.slice(0, -1));
    if ((x.shape.at(-1) ?? 0) < heads * headWidth || headWidth % 2 !== 0 || product(angles.shape) !== rows * headWidth)
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[rotary] x [.., C ≥ ${heads}·${headWidth}] with an even head width, and angles for each row; received ${showType(x)} and ${showType(angles)}`,
      });
    return { y: { dtype: x.dtype, shape: x.shape } };
  },
  gradient: ({ inputs: { angles }, d, attributes }) =>
    d.y === undefined ? {} : { x: turn(d.y, angles, { ...attributes, inverse: !attributes.inverse }) },
  reference: ({ x, angles }, { heads, headWidth, inverse }) => {
    const channels = x.shape.at(-1) ?? 1;
    const half = headWidth / 2;
    const data = Float64Array.from(x.data);
    for (let row = 0; row * channels < data.length; row++)
      for (let h = 0; h < heads; h++)
        for (let i = 0; i < half; i++) {
          const at = row * channels + h * headWidth + i;
          const cos = angles.data[row * headWidth + i];
          const sin = (inverse ? -1 : 1) * angles.data[row * headWidth + half + i];
          data[at] = x.data[at] * cos - x.data[at + half] * sin;
          data[at + half] = x.data[at + half] * cos + x.data[at] * sin;
        }
    return { y: { shape: x.shape, data } };
  },
  parameters: ({ x }, { heads, headWidth, inverse }) => [
    product(x.shape.slice(0, -1)),
    x.shape.at(-1) ?? 1,
    heads,
    headWidth,
    inverse ? -1 : 1,
  ],
});

/** x: [.., C], angles: [.., W] of rotaryAngles → [.., C]. */
export const rotary = (
  x: Tensor,
  angles: Tensor,
  the: { readonly heads: number; readonly headWidth: number },
): Tensor => turn(x, angles, { ...the, inverse: false });
