import { record, type Tensor } from '../trace/trace.js';
import { defineOp } from './define.js';
import { divide } from './divide.js';
import { maximum } from './maximum.js';
import { multiply } from './multiply.js';
import { reshape } from './reshape.js';
import { sum } from './sum.js';

/** y[b, t] = 1 where t < lengths[b], else 0: which positions of padded sequences count. lengths: int32 [B] → y: float32 [B, T]. */
export const lengthMaskOp = defineOp({
  name: 'lengthMask',
  inputs: ['lengths'],
  outputs: ['y'],
  infer: ({ lengths }, { time }: { readonly time: number }) => ({
    y: { dtype: 'float32', shape: [...lengths.shape, time] },
  }),
  reference: ({ lengths }, { time }) => ({
    y: {
      shape: [...lengths.shape, time],
      data: Float64Array.from({ length: lengths.data.length * time }, (_, i) =>
        i % time < lengths.data[Math.floor(i / time)] ? 1 : 0,
      ),
    },
  }),
  parameters: (_, { time }) => [time],
});
export const lengthMask = (lengths: Tensor, time: number): Tensor =>
  record(lengths.trace, lengthMaskOp, { lengths }, { time }).y;

/** The mean over time of the first `lengths` positions; 0 where there are none. x: [B, T, C], lengths: int32 [B] → [B, C]. */
export function averageOverTime(x: Tensor, lengths: Tensor): Tensor {
  const [batch = 0, time = 0] = x.shape;
  const mask = lengthMask(lengths, time);
  const total = sum(multiply(x, reshape(mask, [batch, time, 1])), [1, 2]);
  return divide(total, maximum(sum(mask, [1, 2], true), 1));
}
