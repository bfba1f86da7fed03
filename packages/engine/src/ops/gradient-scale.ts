import { record, type Tensor } from '../trace/trace.js';
import type { TensorType } from '../types.js';
import { defineOp } from './define.js';

/**
 * What an update multiplies gradients by, and whether it is applied at all.
 * norm = √squares / lossScale; factor = min(1, max / (norm + 1e-6)) / lossScale; applied = 1 when loss and norm are finite, else 0.
 *   squares, loss, lossScale: [] → norm, factor, applied: []. `max` 0 does not clip.
 */
export const gradientScaleOp = defineOp({
  name: 'gradientScale',
  inputs: ['squares', 'loss', 'lossScale'],
  outputs: ['norm', 'factor', 'applied'],
  infer: ({ squares }, _: { readonly max: number }) => {
    const scalar: TensorType = { dtype: squares.dtype, shape: [] };
    return { norm: scalar, factor: scalar, applied: scalar };
  },
  reference: ({ squares, loss, lossScale }, { max }) => {
    const norm = Math.sqrt(squares.data[0]) / lossScale.data[0];
    const factor = (max > 0 ? Math.min(1, max / (norm + 1e-6)) : 1) / lossScale.data[0];
    const applied = Number.isFinite(norm) && Number.isFinite(loss.data[0]) ? 1 : 0;
    const scalar = (value: number) => ({ shape: [], data: Float64Array.of(value) });
    return { norm: scalar(norm), factor: scalar(factor), applied: scalar(applied) };
  },
  parameters: (_, { max }) => [max],
});

export const gradientScale = (
  the: Readonly<Record<'squares' | 'loss' | 'lossScale', Tensor>>,
  max: number,
): Readonly<Record<'norm' | 'factor' | 'applied', Tensor>> => record(the.squares.trace, gradientScaleOp, the, { max });
