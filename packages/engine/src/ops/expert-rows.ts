import { record, type Tensor } from '../trace/trace.js';
import { isHalf, type TensorType } from '../types.js';
import { type Dense, defineOp } from './define.js';

/** Where rows come from and go to, as `route` gives it. */
type Places = Readonly<Record<'slots' | 'sources', Tensor>>;

// N tokens, K choices of each, R rows sorted by expert, D width
const width = ({ shape }: { readonly shape: readonly number[] }): number => shape[1];

/** Calls visit for each row that has a source: row, token, choice. */
function eachRow(
  sources: Dense,
  choices: number,
  tokens: number,
  visit: (row: number, token: number, flat: number) => void,
) {
  sources.data.forEach((flat, row) => {
    if (flat >= 0 && flat < tokens * choices) visit(row, Math.floor(flat / choices), flat);
  });
}

/**
 * Rows for the experts: y[r] = x[n], times scale[n, c] where it is given, with sources[r] = n·K + c; 0 where there is none.
 *   x: [N, D], sources: int32 [R] and slots: int32 [N, K] as `route` makes them, scale: [N, K] → y: [R, D].
 */
export const dispatchOp = defineOp({
  name: 'dispatch',
  inputs: ['x', 'sources', 'slots'],
  optional: ['scale'],
  outputs: ['y'],
  mixed: { full: ['scale'] },
  infer: ({ x, sources }) => ({ y: { dtype: x.dtype, shape: [sources.shape[0], width(x)] } satisfies TensorType }),
  gradient: ({ inputs: { sources, slots, scale }, d }) =>
    d.y === undefined ? {} : { x: backToTokens(d.y, { slots, sources }, scale) },
  reference: ({ x, sources, slots, scale }) => {
    const data = new Float64Array(sources.data.length * width(x));
    eachRow(sources, slots.shape[1], x.shape[0], (row, token, flat) => {
      for (let i = 0; i < width(x); i++)
        data[row * width(x) + i] = x.data[token * width(x) + i] * (scale?.data[flat] ?? 1);
    });
    return { y: { shape: [sources.shape[0], width(x)], data } };
  },
  parameters: ({ x, sources, slots }) => [x.shape[0], sources.shape[0], slots.shape[1], width(x)],
});

/**
 * Rows of the experts back to their tokens: y[n] = Σ over choices c, in their order, of weights[n, c] · z[slots[n, c]];
 * weights are 1 where absent, and a choice without a row adds nothing.
 *   z: [R, D], slots: int32 [N, K], sources: int32 [R], weights: [N, K] → y: [N, D].
 */
export const combineOp = defineOp({
  name: 'combine',
  inputs: ['z', 'slots', 'sources'],
  optional: ['weights'],
  outputs: ['y'],
  mixed: { full: ['weights'] },
  infer: ({ z, slots }) => ({ y: { dtype: z.dtype, shape: [slots.shape[0], width(z)] } satisfies TensorType }),
  gradient: ({ inputs: { z, slots, sources, weights }, d }) => {
    if (d.y === undefined) return {};
    const rows = { z: toExperts(d.y, { slots, sources }, weights) };
    if (weights === undefined) return rows;
    return { ...rows, weights: record(z.trace, combineWeightsGradientOp, { z, slots, dy: d.y }, {}).dweights };
  },
  reference: ({ z, slots, weights }) => {
    const [tokens, choices] = slots.shape;
    const data = new Float64Array(tokens * width(z));
    slots.data.forEach((row, flat) => {
      if (row < 0 || row >= z.shape[0]) return;
      const token = Math.floor(flat / choices);
      for (let i = 0; i < width(z); i++)
        data[token * width(z) + i] += z.data[row * width(z) + i] * (weights?.data[flat] ?? 1);
    });
    return { y: { shape: [tokens, width(z)], data } };
  },
  parameters: ({ z, slots }) => [slots.shape[0], z.shape[0], slots.shape[1], width(z)],
});

/** dweights[n, c] = z[slots[n, c]] · dy[n]; 0 where the choice has no row. */
export const combineWeightsGradientOp = defineOp({
  name: 'combineWeightsGradient',
  inputs: ['z', 'slots', 'dy'],
  outputs: ['dweights'],
  mixed: { half: ['z', 'dy'] },
  infer: ({ z, slots }) => ({
    dweights: { dtype: isHalf(z.dtype) ? 'float32' : z.dtype, shape: slots.shape } satisfies TensorType,
  }),
  reference: ({ z, slots, dy }) => ({
    dweights: {
      shape: slots.shape,
      data: slots.data.map((row, flat) => {
        if (row < 0 || row >= z.shape[0]) return 0;
        const token = Math.floor(flat / slots.shape[1]);
        let total = 0;
        for (let i = 0; i < width(z); i++) total += z.data[row * width(z) + i] * dy.data[token * width(z) + i];
        return total;
      }),
    },
  }),
  parameters: ({ z, slots }) => [slots.shape[0], z.shape[0], slots.shape[1], width(z)],
});

function toExperts(x: Tensor, { slots, sources }: Places, scale: Tensor | undefined): Tensor {
  const operands = { x, sources, slots };
  return record(x.trace, dispatchOp, scale === undefined ? operands : { ...operands, scale }, {}).y;
}

function backToTokens(z: Tensor, { slots, sources }: Places, weights: Tensor | undefined): Tensor {
  const operands = { z, slots, sources };
  return record(z.trace, combineOp, weights === undefined ? operands : { ...operands, weights }, {}).y;
}

export const dispatch = (x: Tensor, places: Places): Tensor => toExperts(x, places, undefined);

export const combine = (z: Tensor, places: Places & Readonly<Record<'weights', Tensor>>): Tensor =>
  backToTokens(z, places, places.weights);
