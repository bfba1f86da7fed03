/** Batch normalisation in training and evaluation, and its running statistics. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { expectClose } from '../testing/close.js';
import { golden } from '../testing/golden.js';
import { batchNorm, batchNormEvaluation } from './batch-norm.js';

const epsilon = 1e-3;
const body: Body = ({ x, gain, bias, mean, variance }) => ({
  y: batchNorm({ x, gain, bias, running: { mean, variance } }, { epsilon, momentum: 0.1 }).y,
});
const evaluation: Body = ({ x, gain, bias, mean, variance }) => ({
  y: batchNormEvaluation({ x, gain, bias, running: { mean, variance } }, epsilon),
});
const specs = (rows: readonly number[], channels: number) => ({
  x: { shape: [...rows, channels] },
  gain: { shape: [channels], from: 'positive' as const },
  bias: { shape: [channels] },
  mean: { shape: [channels] },
  variance: { shape: [channels], from: 'positive' as const },
});

describe('batchNorm', () => {
  // Of one or two rows the variance is a difference that rounding makes.
  it('is its definition on every size', () =>
    checkShapes(fc.tuple(size(40, 5), size(5, 1), size(40)), ([rows, more, channels]) => ({
      specs: specs([rows, more], channels),
      body,
      factor: 4,
    })));
  it('is its definition over many blocks of rows', () => checkKernels({ specs: specs([1000], 19), body, factor: 8 }));
  it('loses nothing to a mean far from 0', () =>
    checkKernels({
      specs: specs([500], 3),
      body,
      gradients: false,
      mixed: false,
      factor: 60, // what is left of x in float32 at 10,000
      poison: ({ x }) => {
        x.forEach((value, i) => {
          x[i] = Math.fround(value + 10_000);
        });
      },
    }));
  it('has the gradient of finite differences', () => checkGradient(specs([2, 3], 2), body));
  it('keeps a NaN in its channel', () =>
    checkKernels({
      specs: specs([70], 19),
      body,
      gradients: false,
      mixed: false,
      poison: ({ x }) => {
        x[25] = Number.NaN;
      },
    }));
  it.each(backends())('is PyTorch’s on $name, running statistics and evaluation too', async (backend) => {
    const cases = golden('batch-norm');
    const norm = { epsilon: 1e-5, momentum: 0.1 };
    await checkGolden(
      backend,
      cases.training,
      ({ x, gain, bias, mean, variance }) => batchNorm({ x, gain, bias, running: { mean, variance } }, norm).y,
    );
    await checkGolden(backend, cases.evaluation, ({ x, gain, bias, mean, variance }) =>
      batchNormEvaluation({ x, gain, bias, running: { mean, variance } }, 1e-5),
    );
    const { inputs, outputs } = cases.training;
    const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, { shape }]));
    const graph = graphOf(shapes, ({ x, gain, bias, mean, variance }) => ({
      ...batchNorm({ x, gain, bias, running: { mean, variance } }, norm).running,
    }));
    const values = Object.entries(inputs).map(([name, { data }]) => [name, Float64Array.from(data)]);
    const found = await evaluate(backend.backend, graph, Object.fromEntries(values));
    expectClose(found.mean, outputs.runningMean.data, 2e-6, 'running mean');
    expectClose(found.variance, outputs.runningVariance.data, 2e-6, 'running variance');
  });
});

describe('batchNormEvaluation', () => {
  it('is its definition', () => checkKernels({ specs: specs([9], 33), body: evaluation, factor: 2 }));
  it('has the gradient of finite differences', () => checkGradient(specs([3], 2), evaluation));
});
