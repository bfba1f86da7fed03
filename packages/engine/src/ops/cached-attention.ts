import { record, type Tensor } from '../trace/trace.js';
import { product } from '../types.js';
import { channelsOf, type HeadAttributes } from './attention-definition.js';
import { defineOp } from './define.js';

// S sequences in this call, T new tokens of each, C cache rows (slots), M positions a cache row holds
/**
 * Attention of T new tokens over a key-value cache, which it extends: sequence s lives in cache row slots[s] and its new
 * tokens take the positions starts[s] … starts[s] + T − 1. Positions and rows outside the cache are neither
 * stored nor attended: y is 0 there.
 *   qkv: [S, T, (H + 2G)·W], keys, values: [C, M, G·W], slots, starts: int32 [S] → y: [S, T, H·W]; keys and values in place.
 */
export const cachedAttentionOp = defineOp({
  name: 'cachedAttention',
  inputs: ['qkv', 'keys', 'values', 'slots', 'starts'],
  outputs: ['y', 'newKeys', 'newValues'],
  inPlace: { newKeys: 'keys', newValues: 'values' },
  infer: ({ qkv, keys, values }, the: HeadAttributes) => ({
    y: { dtype: qkv.dtype, shape: [qkv.shape[0], qkv.shape[1], the.heads * the.headWidth] },
    newKeys: keys,
    newValues: values,
  }),
  reference: ({ qkv, keys, values, slots, starts }, the) => {
    const [sequences, time] = qkv.shape;
    const channels = channelsOf(the);
    const { heads, keyValueHeads, headWidth, scale } = the;
    const width = keyValueHeads * headWidth;
    const capacity = keys.shape[1];
    const newKeys = Float64Array.from(keys.data);
    const newValues = Float64Array.from(values.data);
    const y = new Float64Array(sequences * time * heads * headWidth);
    for (let s = 0; s < sequences; s++) {
      const row = slots.data[s] * capacity;
      for (let t = 0; t < time; t++) {
        const position = starts.data[s] + t;
        if (position < 0 || position >= capacity || slots.data[s] < 0 || slots.data[s] >= keys.shape[0]) continue;
        const from = (s * time + t) * channels + heads * headWidth;
        newKeys.set(qkv.data.subarray(from, from + width), (row + position) * width);
        newValues.set(qkv.data.subarray(from + width, from + 2 * width), (row + position) * width);
        for (let h = 0; h < heads; h++) {
          const q = (s * time + t) * channels + h * headWidth;
          const group = Math.floor((h * keyValueHeads) / heads) * headWidth;
          const scores = Array.from({ length: position + 1 }, (_, key) => {
            let dot = 0;
            for (let i = 0; i < headWidth; i++) dot += qkv.data[q + i] * newKeys[(row + key) * width + group + i];
            return dot * scale;
          });
          const highest = Math.max(...scores);
          const weights = scores.map((score) => Math.exp(score - highest));
          const total = weights.reduce((a, b) => a + b, 0);
          weights.forEach((weight, key) => {
            for (let i = 0; i < headWidth; i++)
              y[((s * time + t) * heads + h) * headWidth + i] +=
                (weight / total) * newValues[(row + key) * width + group + i];
          });
        }
      }
    }
    return {
      y: { shape: [sequences, time, heads * headWidth], data: y },
      newKeys: { shape: keys.shape, data: newKeys },
      newValues: { shape: values.shape, data: newValues },
    };
  },
  parameters: ({ qkv, keys }, { heads, keyValueHeads, headWidth, scale }) => [
    qkv.shape[0],
    qkv.shape[1],
    heads,
    keyValueHeads,
    headWidth,
    scale,
    product(keys.shape.slice(0, 1)),
    keys.shape[1],
  ],
});

export const cachedAttention = (
  the: Readonly<Record<'qkv' | 'keys' | 'values' | 'slots' | 'starts', Tensor>>,
  shape: Omit<HeadAttributes, 'scale'>,
): Readonly<Record<'y' | 'newKeys' | 'newValues', Tensor>> =>
  record(the.qkv.trace, cachedAttentionOp, the, { ...shape, scale: 1 / Math.sqrt(shape.headWidth) });
