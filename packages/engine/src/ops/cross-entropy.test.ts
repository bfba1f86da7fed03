/** Cross-entropy of an output layer: the loss, the losses, the gradients, and both fused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradient } from '../gradient/gradient.js';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { expectClose, tolerance } from '../testing/close.js';
import { draw, type Specs } from '../testing/draw.js';
import { golden } from '../testing/golden.js';
import { constant } from './constant.js';
import { crossEntropy } from './cross-entropy.js';
import { multiply } from './multiply.js';

const specs = (n: number, width: number, vocabulary: number, bias = true): Specs => ({
  x: { shape: [n, width] },
  weight: { shape: [vocabulary, width] },
  ...(bias ? { bias: { shape: [vocabulary] } } : {}),
  targets: { shape: [n], dtype: 'int32', below: vocabulary },
});
/** Token weights are data, not something to differentiate by: 0 for each third. */
const weightsOf = (n: number): Specs => ({
  weights: { shape: [n], dtype: 'float32', values: Array.from({ length: n }, (_, i) => (i % 3) / Math.max(1, n)) },
});
const loss: Body = ({ x, weight, bias, targets, weights }) => ({
  loss: crossEntropy({ x, weight, targets, weights, ...(bias === undefined ? {} : { bias }) }).loss,
});
const losses: Body = ({ x, weight, bias, targets, weights }) =>
  crossEntropy({ x, weight, targets, weights, ...(bias === undefined ? {} : { bias }) });

const smoothed: Body = ({ x, weight, bias, targets, weights }) => ({
  loss: crossEntropy({ x, weight, targets, weights, ...(bias === undefined ? {} : { bias }) }, 0.1).loss,
});
const scalarOne = { value: 1, shape: [], dtype: 'float32' } as const;

describe('crossEntropy', () => {
  it('has the gradient of finite differences', () => {
    checkGradient({ ...specs(4, 3, 5), ...weightsOf(4) }, loss);
    checkGradient({ ...specs(3, 2, 4, false), ...weightsOf(3) }, loss);
  });
  it('is its definition on every size, with its gradients', () =>
    checkShapes(fc.tuple(size(33), size(17, 1), size(70, 1), fc.boolean()), ([n, width, vocabulary, bias]) => ({
      specs: { ...specs(n, width, vocabulary, bias), ...weightsOf(n) },
      body: loss,
      factor: 2,
    })));
  it('gives the loss of every token', () =>
    checkShapes(
      fc.tuple(size(33), size(17), size(70, 1), fc.boolean()),
      ([n, width, vocabulary, bias]) => ({
        specs: { ...specs(n, width, vocabulary, bias), ...weightsOf(n) },
        body: losses,
        gradients: false,
      }),
      6,
    ));
  it('is its definition over more than one block of tokens', () =>
    checkKernels({
      specs: { ...specs(150, 4, 70000, false), ...weightsOf(150) },
      body: losses,
      gradients: false,
      mixed: false,
      factor: 4,
    }));
  it('shows a NaN, an infinity and a target outside the vocabulary in the loss of their token', () =>
    checkKernels({
      specs: { ...specs(6, 5, 9), ...weightsOf(6) },
      body: losses,
      gradients: false,
      poison: ({ x, targets }) => {
        x[7] = NaN;
        x[11] = Infinity;
        targets[4] = 9;
        targets[5] = -1;
      },
    }));
  it('costs nothing where the weight is 0, whatever the target', () =>
    checkKernels({
      specs: { ...specs(6, 5, 9), ...weightsOf(6) },
      body: loss,
      poison: ({ targets }) => {
        targets[0] = -1;
        targets[3] = 99;
      },
    }));
  it('refuses targets of another length', () =>
    expect(() =>
      graphOf({ ...specs(3, 2, 4), targets: { shape: [2], dtype: 'int32' }, ...weightsOf(3) }, loss),
    ).toThrow(/SHAPE_MISMATCH/));
  it.each([1, 5])(
    'keeps a hidden state that is not finite out of the gradients where its weight is 0 (of %i tokens)',
    async (n) => {
      const poisoned = [0, 3].filter((token) => token < n);
      const graph = graphOf({ ...specs(n, 5, 9), ...weightsOf(n) }, (the) => {
        const found = gradient(loss(the).loss, [the.x, the.weight, the.bias], constant(the.x.trace, scalarOne));
        return Object.fromEntries(found.flatMap((value, i) => (value === undefined ? [] : [[`d${i}`, value]])));
      });
      const drawn = draw({ ...specs(n, 5, 9), ...weightsOf(n) }, 3);
      const values = { ...drawn, x: Float64Array.from(drawn.x) };
      for (const token of poisoned) values.x[token * 5 + 1] = token === 0 ? NaN : Infinity;
      for (const { name, backend } of backends())
        for (const [key, data] of Object.entries(await evaluate(backend, graph, values)))
          expect(data.every(Number.isFinite), `${name} ${key}`).toBe(true);
    },
  );
  it('smooths labels', () => {
    checkGradient({ ...specs(4, 3, 5), ...weightsOf(4) }, smoothed);
    return checkShapes(
      fc.tuple(size(33), size(9, 1), size(70, 1), fc.boolean()),
      ([n, width, vocabulary, bias]) => ({
        specs: { ...specs(n, width, vocabulary, bias), ...weightsOf(n) },
        body: smoothed,
        factor: 2,
      }),
      4,
    );
  });
  it('has a gradient through the losses of single tokens, beside that of the loss', () => {
    const both: Body = (the) => {
      const found = losses(the);
      return { loss: found.loss, losses: multiply(found.losses, found.losses) };
    };
    checkGradient({ ...specs(3, 2, 4), ...weightsOf(3) }, losses);
    checkGradient({ ...specs(3, 2, 4), ...weightsOf(3) }, both);
    return checkKernels({ specs: { ...specs(19, 5, 9), ...weightsOf(19) }, body: both, factor: 2 });
  });
});

describe.each(backends())('PyTorch, on $name', (backend) => {
  const cases = golden('cross-entropy');
  it.each(['weighted', 'uniform'])('%s', async (name) => {
    const { inputs, outputs } = cases[name];
    const identity = Array.from({ length: 49 }, (_, i) => (i % 8 === 0 ? 1 : 0));
    const total = inputs.weights.data.reduce((a, b) => a + b, 0);
    const graph = graphOf(
      {
        x: { shape: [5, 7] },
        weight: { shape: [7, 7] },
        targets: { shape: [5], dtype: 'int32' },
        weights: { shape: [5] },
      },
      losses,
    );
    const found = await backend.backend.run(backend.backend.compile(graph), {
      x: inputs.logits.data,
      weight: identity,
      targets: inputs.targets.data,
      weights: inputs.weights.data.map((value) => value / total),
    });
    expectClose(found.losses, outputs.rows.data, tolerance.float32);
    expectClose(found.loss, outputs.loss.data, tolerance.float32);
  });
  it('throughHead', () => {
    const { inputs, outputs } = cases.throughHead;
    const total = inputs.weights.data.reduce((a, b) => a + b, 0);
    const weights = { ...inputs.weights, data: inputs.weights.data.map((value) => value / total) };
    return checkGolden(
      backend,
      { ...cases.throughHead, inputs: { ...inputs, weights }, outputs },
      ({ x, weight, bias, targets, weights: w }) => crossEntropy({ x, weight, bias, targets, weights: w }).loss,
    );
  });
  it.each([
    [0, 3.44019],
    [0.1, 3.29019],
  ])('gives the published value for 1 2 3 4 and class 0, smoothed by %f', async (smoothing, published) => {
    const graph = graphOf(
      {
        x: { shape: [1, 1] },
        weight: { shape: [4, 1] },
        targets: { shape: [1], dtype: 'int32' },
        weights: { shape: [1] },
      },
      ({ x, weight, targets, weights }) => crossEntropy({ x, weight, targets, weights }, smoothing),
    );
    const found = await evaluate(backend.backend, graph, {
      x: Float64Array.of(1),
      weight: Float64Array.of(1, 2, 3, 4),
      targets: Float64Array.of(0),
      weights: Float64Array.of(1),
    });
    expectClose(found.loss, [published], 1e-6);
  });
});
