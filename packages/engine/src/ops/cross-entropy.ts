import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { isHalf, showType, type TensorType } from '../types.js';
import { add } from './add.js';
import { constant } from './constant.js';
import { type Dense, defineOp, type Named } from './define.js';
import { multiply } from './multiply.js';

// N tokens, D width, V vocabulary
type Operand = 'x' | 'weight' | 'targets' | 'weights';
type Smoothing = { readonly smoothing?: number };

function eachToken(
  { x, weight, bias }: Named<'x' | 'weight', 'bias', Dense>,
  visit: (token: number, logits: Float64Array, logSum: number) => void,
): void {
  const [vocabulary, width] = weight.shape;
  const logits = new Float64Array(vocabulary);
  for (let n = 0; n < x.shape[0]; n++) {
    for (let v = 0; v < vocabulary; v++) {
      logits[v] = bias === undefined ? 0 : bias.data[v];
      for (let i = 0; i < width; i++) logits[v] += x.data[n * width + i] * weight.data[v * width + i];
    }
    const highest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    visit(n, logits, highest + Math.log(logits.reduce((total, logit) => total + Math.exp(logit - highest), 0)));
  }
}

function gradientOf(
  { x, weight, bias, targets, weights, sum }: Named<Operand, 'bias' | 'sum', Dense>,
  dloss: number,
  { smoothing = 0 }: Smoothing,
) {
  const [vocabulary, width] = weight.shape;
  const dx = new Float64Array(x.data.length);
  const dweight = Float64Array.from(sum?.data ?? new Float64Array(weight.data.length));
  const dbias = new Float64Array(vocabulary);
  eachToken(bias === undefined ? { x, weight } : { x, weight, bias }, (n, logits, logSum) => {
    if (weights.data[n] === 0) return;
    for (let v = 0; v < vocabulary; v++) {
      const wanted = (v === targets.data[n] ? 1 - smoothing : 0) + smoothing / vocabulary;
      const d = (Math.exp(logits[v] - logSum) - wanted) * weights.data[n] * dloss;
      dbias[v] += d;
      for (let i = 0; i < width; i++) {
        dx[n * width + i] += d * weight.data[v * width + i];
        dweight[v * width + i] += d * x.data[n * width + i];
      }
    }
  });
  return {
    dx: { shape: x.shape, data: dx },
    dweight: { shape: weight.shape, data: dweight },
    dbias: { shape: [vocabulary], data: dbias },
  };
}

const lossesOf = (
  { x, weight, bias, targets, weights }: Named<Operand, 'bias', Dense>,
  { smoothing = 0 }: Smoothing,
): { readonly loss: Dense; readonly losses: Dense } => {
  const losses = new Float64Array(x.shape[0]);
  let loss = 0;
  eachToken(bias === undefined ? { x, weight } : { x, weight, bias }, (n, logits, logSum) => {
    const mean = smoothing === 0 ? 0 : logits.reduce((total, logit) => total + logit, 0) / logits.length;
    losses[n] = logSum - (1 - smoothing) * (logits[targets.data[n]] ?? Number.NaN) - smoothing * mean;
    if (weights.data[n] !== 0) loss += weights.data[n] * losses[n];
  });
  return { loss: { shape: [], data: Float64Array.of(loss) }, losses: { shape: [x.shape[0]], data: losses } };
};

const full = (type: TensorType): TensorType => ({
  dtype: isHalf(type.dtype) ? 'float32' : type.dtype,
  shape: type.shape,
});
const lossTypes = ({ x }: Readonly<Record<'x', TensorType>>) => {
  const dtype = full(x).dtype;
  return { loss: { dtype, shape: [] }, losses: { dtype, shape: [x.shape[0]] } };
};
const gradientTypes = ({ x, weight }: Readonly<Record<'x' | 'weight', TensorType>>) => ({
  dx: { dtype: x.dtype, shape: x.shape },
  dweight: full(weight),
  dbias: { dtype: full(weight).dtype, shape: [weight.shape[0]] },
});
const parameters = (
  { x, weight }: Readonly<Record<'x' | 'weight', TensorType>>,
  { smoothing = 0 }: Smoothing,
): readonly number[] => [x.shape[0], x.shape[1], weight.shape[0], smoothing];

/**
 * Cross-entropy of a linear output layer: losses[n] = log Σ exp(logits[n]) − logits[n, targets[n]] with logits = x Wᵀ + bias,
 * loss = Σ weights[n] · losses[n]. The kernel walks blocks of tokens, so the logits of a batch are never in memory at once.
 *   x: [N, D], weight: [V, D], bias: [V], targets: int32 [N], weights: float32 [N] → loss: [], losses: [N] float32.
 * With label smoothing ε the target has 1 − ε and all V classes share ε: logits[n, targets[n]] becomes
 * (1 − ε) logits[n, targets[n]] + ε mean logits[n] (Szegedy et al. 2016, arXiv 1512.00567, §7).
 * Tokens of weight 0 add nothing to a gradient, even where x is not finite. Errors: SHAPE_MISMATCH.
 */
export const crossEntropyOp = defineOp({
  name: 'crossEntropy',
  inputs: ['x', 'weight', 'targets', 'weights'],
  optional: ['bias'],
  outputs: ['loss', 'losses'],
  mixed: { half: ['x', 'weight'], full: ['weights', 'bias'] },
  infer: ({ x, weight, targets, weights }, _: Smoothing) => {
    if (
      x.shape.length !== 2 ||
      weight.shape[1] !== x.shape[1] ||
      targets.shape[0] !== x.shape[0] ||
      weights.shape[0] !== x.shape[0]
    )
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[crossEntropy] x [N, D], weight [V, D], targets and weights [N]; received ${[x, weight, targets, weights].map(showType).join(', ')}`,
      });
    return lossTypes({ x });
  },
  gradient: ({ inputs, outputs: { loss }, d, attributes }) => {
    // A loss made of the losses of tokens gives each a weight of its own.
    const one = (): Tensor => constant(loss.trace, { value: 1, shape: [], dtype: loss.dtype });
    const weighted =
      d.losses === undefined
        ? d.loss === undefined
          ? undefined
          : { weights: inputs.weights, dloss: d.loss }
        : {
            weights: d.loss === undefined ? d.losses : add(multiply(inputs.weights, d.loss), d.losses),
            dloss: one(),
          };
    if (weighted === undefined) return {};
    const found = record(loss.trace, crossEntropyGradientOp, { ...inputs, ...weighted }, attributes);
    return { x: found.dx, weight: found.dweight, ...(inputs.bias === undefined ? {} : { bias: found.dbias }) };
  },
  reference: (values, attributes) => lossesOf(values, attributes),
  parameters,
});

/** Gradients of crossEntropy; logits are computed again, block by block. dweight and dbias are float32. */
export const crossEntropyGradientOp = defineOp({
  name: 'crossEntropyGradient',
  inputs: ['x', 'weight', 'targets', 'weights', 'dloss'],
  optional: ['bias', 'sum'],
  outputs: ['dx', 'dweight', 'dbias'],
  inPlace: { dweight: 'sum' },
  mixed: { half: ['x', 'weight'], full: ['weights', 'bias', 'dloss', 'sum'] },
  infer: (types, _: Smoothing) => gradientTypes(types),
  reference: ({ dloss, ...values }, attributes) => gradientOf(values, dloss.data[0], attributes),
  parameters,
});

/** Loss and gradients in one walk over the blocks: what the pass `fuse-cross-entropy` makes of the two ops above. */
export const crossEntropyTrainingOp = defineOp({
  name: 'crossEntropyTraining',
  inputs: ['x', 'weight', 'targets', 'weights', 'dloss'],
  optional: ['bias', 'sum'],
  outputs: ['loss', 'losses', 'dx', 'dweight', 'dbias'],
  inPlace: { dweight: 'sum' },
  mixed: { half: ['x', 'weight'], full: ['weights', 'bias', 'dloss', 'sum'] },
  infer: (types, _: Smoothing) => ({ ...lossTypes(types), ...gradientTypes(types) }),
  reference: ({ dloss, ...values }, attributes) => ({
    ...lossesOf(values, attributes),
    ...gradientOf(values, dloss.data[0], attributes),
  }),
  parameters,
});

/** `smoothing` is the share of each target that all classes get alike. */
export const crossEntropy = (
  the: Named<Operand, 'bias', Tensor>,
  smoothing = 0,
): Readonly<Record<'loss' | 'losses', Tensor>> =>
  record(the.x.trace, crossEntropyOp, the, smoothing === 0 ? {} : { smoothing });
