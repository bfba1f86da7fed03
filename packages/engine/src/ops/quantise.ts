import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { product, showType, type TensorType } from '../types.js';
import { defineOp } from './define.js';

const roundToEven = (value: number): number => {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
};

/**
 * q = x / scale to the nearest of −127 … 127, ties to even, with scale = max |x| / 127 over each group of consecutive
 * elements of the last axis; a NaN gives 0. Computed in float32, by the same steps everywhere. No gradient.
 *   x: [.., N] float → q: int8 [.., N], scales: float32 [.., N / group]. Errors: SHAPE_MISMATCH.
 */
export const quantiseOp = defineOp({
  name: 'quantise',
  inputs: ['x'],
  outputs: ['q', 'scales'],
  infer: ({ x }, { group }: { readonly group: number }) => {
    const n = x.shape.at(-1) ?? 0;
    if (x.shape.length === 0 || !(group > 0) || n % group !== 0)
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[quantise] groups that divide the last axis; received groups of ${group} for ${showType(x)}`,
      });
    const scales: TensorType = { dtype: 'float32', shape: [...x.shape.slice(0, -1), n / group] };
    return { q: { dtype: 'int8', shape: x.shape } satisfies TensorType, scales };
  },
  reference: ({ x }, { group }) => {
    const scales = new Float64Array(x.data.length / group);
    x.data.forEach((value, i) => {
      scales[Math.floor(i / group)] = Math.max(scales[Math.floor(i / group)], Math.abs(value) || 0);
    });
    scales.forEach((most, g) => {
      scales[g] = Math.fround(most / 127);
    });
    const data = x.data.map((value, i) => {
      const scale = scales[Math.floor(i / group)];
      const scaled = Math.fround(value * (scale > 0 ? Math.fround(1 / scale) : 0));
      return roundToEven(Math.max(-127, Math.min(127, scaled || 0)));
    });
    const shape = [...x.shape.slice(0, -1), (x.shape.at(-1) ?? 0) / group];
    return { q: { shape: x.shape, data }, scales: { shape, data: scales } };
  },
  parameters: ({ x }, { group }) => [product(x.shape) / group, group],
});

/** y = q · scale of its group, the groups being as many as scales. q: int8 [.., N], scales: float32 [.., M] → y: float32 [.., N]. */
export const dequantiseOp = defineOp({
  name: 'dequantise',
  inputs: ['q', 'scales'],
  outputs: ['y'],
  infer: ({ q, scales }) => {
    if (!Number.isInteger(product(q.shape) / Math.max(1, product(scales.shape))))
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[dequantise] a scale a group; received ${showType(q)} and ${showType(scales)}`,
      });
    return { y: { dtype: 'float32', shape: q.shape } satisfies TensorType };
  },
  reference: ({ q, scales }) => {
    const group = q.data.length / Math.max(1, scales.data.length);
    return { y: { shape: q.shape, data: q.data.map((value, i) => value * scales.data[Math.floor(i / group)]) } };
  },
  parameters: ({ q, scales }) => {
    const groups = product(scales.shape);
    return [groups, product(q.shape) / Math.max(1, groups)];
  },
});

/** int8 with a scale a group of the last axis, the whole row unless said otherwise. */
export const quantise = (x: Tensor, group = x.shape.at(-1) ?? 1): { readonly q: Tensor; readonly scales: Tensor } =>
  record(x.trace, quantiseOp, { x }, { group });
/** What `quantise` made, as float32. */
export const dequantise = (q: Tensor, scales: Tensor): Tensor => record(q.trace, dequantiseOp, { q, scales }, {}).y;
