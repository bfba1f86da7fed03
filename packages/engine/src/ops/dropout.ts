import { record, type Tensor } from '../trace/trace.js';
import { product } from '../types.js';
import { defineOp } from './define.js';
import { philox } from './philox.js';

type DropoutAttributes = { readonly rate: number; readonly seed: number; readonly stream: number };

const again = (x: Tensor, step: Tensor, attributes: DropoutAttributes): Tensor =>
  record(x.trace, dropoutOp, { x, step }, attributes).y;

/**
 * Sets elements to 0 with probability `rate` and divides the others by 1 − rate. Element i is dropped when word i mod 4 of
 * Philox((⌊i/4⌋, step, stream, 0), (seed, 0)) is below rate · 2³²: the same mask in the backward pass and after a resume.
 *   x: any shape, step: int32 [] → y: like x. Source: Srivastava et al. 2014.
 */
export const dropoutOp = defineOp({
  name: 'dropout',
  inputs: ['x', 'step'],
  outputs: ['y'],
  infer: ({ x }, _: DropoutAttributes) => ({ y: { dtype: x.dtype, shape: x.shape } }),
  gradient: ({ inputs: { step }, d, attributes }) => (d.y === undefined ? {} : { x: again(d.y, step, attributes) }),
  reference: ({ x, step }, { rate, seed, stream }) => {
    const threshold = rate * 2 ** 32;
    const keep = 1 / (1 - rate);
    return {
      y: {
        shape: x.shape,
        data: x.data.map((value, i) =>
          philox([Math.floor(i / 4), step.data[0], stream, 0], [seed, 0])[i % 4] < threshold ? 0 : value * keep,
        ),
      },
    };
  },
  parameters: ({ x }, { rate, seed, stream }) => [product(x.shape), rate, seed, stream],
});

export const dropout = (x: Tensor, step: Tensor, the: DropoutAttributes): Tensor =>
  the.rate === 0 ? x : again(x, step, { ...the });
