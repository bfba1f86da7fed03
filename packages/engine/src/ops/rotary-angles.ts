import { record, type Tensor } from '../trace/trace.js';
import { product } from '../types.js';
import { defineOp } from './define.js';

type AngleAttributes = { readonly headWidth: number; readonly base: number };

/**
 * Cosines and sines of rotary positions: channel i < W/2 holds cos(position · base^(−2i/W)), channel W/2 + i its sine.
 *   positions: int32 [..] → y: [.., W] float32. Made once a step and read by every layer.
 */
export const rotaryAnglesOp = defineOp({
  name: 'rotaryAngles',
  inputs: ['positions'],
  outputs: ['y'],
  infer: ({ positions }, { headWidth }: AngleAttributes) => ({
    y: { dtype: 'float32', shape: [...positions.shape, headWidth] },
  }),
  reference: ({ positions }, { headWidth, base }) => {
    const half = headWidth / 2;
    const data = new Float64Array(positions.data.length * headWidth);
    positions.data.forEach((position, row) => {
      for (let i = 0; i < half; i++) {
        const angle = position * base ** ((-2 * i) / headWidth);
        data[row * headWidth + i] = Math.cos(angle);
        data[row * headWidth + half + i] = Math.sin(angle);
      }
    });
    return { y: { shape: [...positions.shape, headWidth], data } };
  },
  parameters: ({ positions }, { headWidth, base }) => [product(positions.shape), headWidth, base],
});

export const rotaryAngles = (positions: Tensor, the: AngleAttributes): Tensor =>
  record(positions.trace, rotaryAnglesOp, { positions }, { ...the }).y;
