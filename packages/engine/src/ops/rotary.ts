import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { product, showType } from '../types.js';
import { defineOp } from './define.js';

type RotaryAttributes = { readonly heads: number; readonly headWidth: number; readonly base: number; readonly inverse: boolean };

const turn = (x: Tensor, positions: Tensor, attributes: RotaryAttributes): Tensor => record(x.trace, rotaryOp, { x, positions }, attributes).y;

/**
 * Rotary positions on the first `heads` heads of the last axis; the other channels pass through.
 * Channels i and i + W/2 of a head turn together by the angle position · base^(−2i/W) (the 'halves' convention of Llama).
 *   x: [.., C] with C ≥ heads·headWidth, positions: int32 [..] → y: [.., C]. Source: Su et al. 2021, arXiv 2104.09864.
 */
export const rotaryOp = defineOp({
  name: 'rotary',
  inputs: ['x', 'positions'],
  outputs: ['y'],
  infer: ({ x, positions }, { heads, headWidth }: RotaryAttributes) => {
    if ((x.shape.at(-1) ?? 0) < heads * headWidth || headWidth % 2 !== 0 || product(positions.shape) !== product(x.shape.slice(0, -1)))
      throw new OctavoError('SHAPE_MISMATCH', { what: `[rotary] x [.., C ≥ ${heads}·${headWidth}] with an even head width and a position a row; received ${showType(x)} and ${showType(positions)}` });
    return { y: { dtype: x.dtype, shape: x.shape } };
  },
  gradient: ({ inputs: { positions }, d, attributes }) =>
    d.y === undefined ? {} : { x: turn(d.y, positions, { ...attributes, inverse: !attributes.inverse }) },
  reference: ({ x, positions }, { heads, headWidth, base, inverse }) => {
    const channels = x.shape.at(-1) ?? 1;
    const half = headWidth / 2;
    const data = Float64Array.from(x.data);
    positions.data.forEach((position, row) => {
      for (let h = 0; h < heads; h++)
        for (let i = 0; i < half; i++) {
          const angle = (inverse ? -1 : 1) * position * base ** ((-2 * i) / headWidth);
          const at = row * channels + h * headWidth + i;
          data[at] = x.data[at] * Math.cos(angle) - x.data[at + half] * Math.sin(angle);
          data[at + half] = x.data[at + half] * Math.cos(angle) + x.data[at] * Math.sin(angle);
        }
    });
    return { y: { shape: x.shape, data } };
  },
  parameters: ({ x, positions }, { heads, headWidth, base, inverse }) => [product(positions.shape), x.shape.at(-1) ?? 1, heads, headWidth, base, inverse ? -1 : 1],
});

export const rotary = (x: Tensor, positions: Tensor, the: { readonly heads: number; readonly headWidth: number; readonly base: number }): Tensor =>
  turn(x, positions, { ...the, inverse: false });
