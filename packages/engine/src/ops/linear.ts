import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { product, showType, type TensorType } from '../types.js';
import { type Dense, defineOp } from './define.js';
import { geluOp } from './gelu.js';
import { geluTanhOp } from './gelu-tanh.js';
import { matmul } from './matmul.js';
import { reluOp } from './relu.js';
import { reluSquaredOp } from './relu-squared.js';
import { reshape } from './reshape.js';
import { siluOp } from './silu.js';
import { sum } from './sum.js';

/** Activations that the product's epilogue can apply, in the order of the kernel's enumeration. */
export const linearActivations = ['none', 'relu', 'reluSquared', 'gelu', 'geluTanh', 'silu'] as const;
const forwards = {
  relu: reluOp.forward,
  reluSquared: reluSquaredOp.forward,
  gelu: geluOp.forward,
  geluTanh: geluTanhOp.forward,
  silu: siluOp.forward,
};

/** What an activation of `linearActivations` means on numbers. */
export const activationOf = (activation: string): ((value: number) => number) =>
  Object.entries(forwards).find(([name]) => name === activation)?.[1] ?? ((value) => value);

const flatten = (x: Tensor): Tensor => reshape(x, [product(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1]);

/**
 * y = activation(x Wᵀ + bias) + residual; `pre` is what the activation saw.
 *   x: [.., K], weight: [N, K], bias: [N], residual: [.., N] → y, pre: [.., N]; sums in float32.
 * Models record it plain; the pass `fuse-linear` adds activation and residual. Errors: SHAPE_MISMATCH.
 */
export const linearOp = defineOp({
  name: 'linear',
  inputs: ['x', 'weight'],
  optional: ['bias', 'residual'],
  outputs: ['y', 'pre'],
  mixed: { half: ['x', 'weight', 'residual'], full: ['bias'] },
  infer: ({ x, weight, bias }, _: { readonly activation: string }) => {
    const [n, k] = weight.shape;
    if (weight.shape.length !== 2 || x.shape.at(-1) !== k || (bias !== undefined && product(bias.shape) !== n))
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[linear] x [.., K] and weight [N, K]; received ${showType(x)} and ${showType(weight)}`,
      });
    const type: TensorType = { dtype: x.dtype, shape: [...x.shape.slice(0, -1), n] };
    return { y: type, pre: type };
  },
  gradient: ({ inputs: { x, weight, bias }, d, attributes }) => {
    if (d.y === undefined) return {};
    if (attributes.activation !== 'none')
      throw new OctavoError('GRAPH_INVALID', {
        what: 'differentiate before fusing: this linear already has its activation',
      });
    const dy = flatten(d.y);
    return {
      x: reshape(matmul(dy, weight), x.shape),
      weight: matmul(dy, flatten(x), { transposeA: true, full: true }),
      ...(bias === undefined ? {} : { bias: sum(dy, [0, 1]) }),
    };
  },
  reference: ({ x, weight, bias, residual }, { activation }) => {
    const [n, k] = weight.shape;
    const rows = product(x.shape.slice(0, -1));
    const shape = [...x.shape.slice(0, -1), n];
    const pre = new Float64Array(rows * n);
    for (let r = 0; r < rows; r++)
      for (let j = 0; j < n; j++) {
        let total = bias === undefined ? 0 : bias.data[j];
        for (let p = 0; p < k; p++) total += x.data[r * k + p] * weight.data[j * k + p];
        pre[r * n + j] = total;
      }
    const forward = activationOf(activation);
    const y: Dense = {
      shape,
      data: pre.map((value, i) => forward(value) + (residual === undefined ? 0 : residual.data[i])),
    };
    return { y, pre: { shape, data: pre } };
  },
  parameters: ({ x, weight }, { activation }) => {
    const [n, k] = weight.shape;
    return [product(x.shape.slice(0, -1)), n, k, linearActivations.map(String).indexOf(activation)];
  },
});

/** x: [.., K], weight: [N, K], bias: [N] → [.., N]. */
export const linear = (x: Tensor, weight: Tensor, bias?: Tensor): Tensor =>
  record(x.trace, linearOp, bias === undefined ? { x, weight } : { x, weight, bias }, { activation: 'none' }).y;
