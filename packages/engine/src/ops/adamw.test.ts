/** The update of AdamW, and the factor that clips gradients and guards it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backend } from '../backends/backend.js';
import { referenceBackend } from '../backends/reference/reference.js';
import { backends, isas, native } from '../testing/backends.js';
import { type Body, checkKernels, evaluate, graphOf, runs, size } from '../testing/check.js';
import { expectClose, expectSameBits, tolerance } from '../testing/close.js';
import { draw } from '../testing/draw.js';
import { golden } from '../testing/golden.js';
import { input, trace } from '../trace/trace.js';
import { adamw } from './adamw.js';
import { add } from './add.js';
import { gradientScale } from './gradient-scale.js';
import { multiply } from './multiply.js';
import { squaredSum } from './squared-sum.js';

type Rates = { readonly beta1: number; readonly beta2: number; readonly epsilon: number; readonly weightDecay: number };

const stepGraph = (shape: readonly number[], attributes: Rates) =>
  trace((t) => {
    const f32 = (name: string, of: readonly number[]) => input(t, name, { dtype: 'float32', shape: of });
    const [parameter, first, second] = [f32('parameter', shape), f32('first', shape), f32('second', shape)];
    const made = adamw(
      {
        parameter,
        gradient: f32('gradient', shape),
        first,
        second,
        factor: f32('factor', []),
        applied: f32('applied', []),
        rates: f32('rates', [3]),
      },
      attributes,
    );
    return {
      outputs: {},
      updates: [
        [parameter, made.newParameter],
        [first, made.newFirst],
        [second, made.newSecond],
      ],
    };
  });

/** Steps with the gradients given, and the state after each. */
async function stepsOf(
  backend: Backend,
  shape: readonly number[],
  start: ArrayLike<number>,
  gradients: readonly ArrayLike<number>[],
  the: Rates & { readonly rate: number; readonly factor?: number; readonly applied?: number },
) {
  const executable = backend.compile(stepGraph(shape, the));
  const type = { dtype: 'float32', shape } as const;
  const [parameter, first, second] = [backend.allocate(type, start), backend.allocate(type), backend.allocate(type)];
  const history: { parameter: ArrayLike<number>; first: ArrayLike<number>; second: ArrayLike<number> }[] = [];
  for (const [i, gradient] of gradients.entries()) {
    const rates = [the.rate, 1 - the.beta1 ** (i + 1), 1 - the.beta2 ** (i + 1)];
    await backend.run(executable, {
      parameter,
      first,
      second,
      gradient,
      factor: [the.factor ?? 1],
      applied: [the.applied ?? 1],
      rates,
    });
    history.push({ parameter: backend.read(parameter), first: backend.read(first), second: backend.read(second) });
  }
  return history;
}

describe.each(backends())('adamw on $name', ({ backend }) => {
  it.each(Object.entries(golden('adamw')))('is PyTorch’s: %s', async (_, { inputs, attributes, outputs }) => {
    const { shape, data } = inputs.parameter;
    const steps = inputs.gradients.shape[0];
    const row = (all: readonly number[], i: number) => all.slice(i * data.length, (i + 1) * data.length);
    const [beta1, beta2, epsilon, weightDecay, rate] = ['beta1', 'beta2', 'epsilon', 'weightDecay', 'learningRate'].map(
      (name) => Number(attributes[name]),
    );
    const found = await stepsOf(
      backend,
      shape,
      data,
      Array.from({ length: steps }, (__, i) => row(inputs.gradients.data, i)),
      { beta1, beta2, epsilon, weightDecay, rate },
    );
    found.forEach((state, i) => {
      expectClose(state.parameter, row(outputs.parameters.data, i), tolerance.float32, `parameter after ${i + 1}`);
      expectClose(state.first, row(outputs.first.data, i), tolerance.float32, `first after ${i + 1}`);
      expectClose(state.second, row(outputs.second.data, i), tolerance.float32, `second after ${i + 1}`);
    });
  });
  it('gives the published first step', async () => {
    const [after] = await stepsOf(backend, [3], [1, -2, 0.5], [[0.1, -0.2, 0.3]], {
      rate: 0.01,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.1,
    });
    expectClose(
      after.parameter,
      [0.989000001, -1.9880000005, 0.4895000003],
      backend.name === 'reference' ? 1e-10 : 2e-7,
    );
  });
  it('changes nothing where it is not applied, even for a gradient of NaN', async () => {
    for (const applied of [0, NaN]) {
      const [after] = await stepsOf(backend, [2], [1, 2], [[NaN, Infinity]], {
        rate: 0.1,
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
        weightDecay: 0.1,
        applied,
      });
      expect([...Array.from(after.parameter), ...Array.from(after.first), ...Array.from(after.second)]).toEqual([
        1, 2, 0, 0, 0, 0,
      ]);
    }
  });
});

it('adamw is its definition on every size, and the same bits on any number of threads', () =>
  fc.assert(
    fc.asyncProperty(fc.oneof(size(70), fc.constantFrom(1023, 1025, 4100)), fc.nat(1e6), async (n, seed) => {
      const { p, g, h } = draw({ p: { shape: [n] }, g: { shape: [n] }, h: { shape: [n] } }, seed);
      const the = { rate: 0.02, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, factor: 0.5 };
      const expected = await stepsOf(referenceBackend(), [n], p, [g, h], the);
      for (const isa of isas()) {
        const one = await stepsOf(native(isa, 1), [n], p, [g, h], the);
        expectClose(one[1].parameter, expected[1].parameter, tolerance.float32, isa);
        for (const threads of [2, 3, 7]) {
          const [, many] = await stepsOf(native(isa, threads), [n], p, [g, h], the);
          for (const part of ['parameter', 'first', 'second'] as const)
            expectSameBits(many[part], one[1][part], `${isa} ${part} on ${threads}`);
        }
      }
    }),
    { numRuns: runs(6), seed: 9 },
  ));

describe('gradientScale', () => {
  const specs = { squares: { shape: [] }, loss: { shape: [] }, lossScale: { shape: [] } };
  const body =
    (max: number): Body =>
    ({ squares, loss, lossScale }) => ({ ...gradientScale({ squares, loss, lossScale }, max) });
  it.each<readonly [string, number, number, number]>([
    ['a small norm', 0.25, 2, 1],
    ['a large one', 25, 2, 1],
    ['a loss scale', 1e6, 2, 1024],
    ['no gradient', 0, 2, 1],
    ['a NaN', NaN, 2, 1],
    ['an infinity', Infinity, 2, 1],
    ['a loss of NaN', 4, NaN, 1],
    ['a loss of infinity', 4, Infinity, 1],
  ])('is its definition for %s', async (_, squares, loss, lossScale) => {
    for (const max of [0, 1])
      await checkKernels({
        specs,
        body: body(max),
        gradients: false,
        mixed: false,
        poison: (values) => {
          values.squares[0] = squares;
          values.loss[0] = loss;
          values.lossScale[0] = lossScale;
        },
      });
  });
  it.each(backends())('clips as PyTorch does on $name', async ({ backend }) => {
    for (const { inputs, attributes, outputs } of Object.values(golden('clip'))) {
      const all = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, { shape }]));
      const graph = graphOf({ ...all, one: { shape: [] } }, ({ one, ...gradients }) => {
        const squares = Object.values(gradients)
          .map(squaredSum)
          .reduce((a, b) => add(a, b));
        const { norm, factor, applied } = gradientScale(
          { squares, loss: one, lossScale: one },
          Number(attributes.maximum),
        );
        return {
          norm,
          factor,
          applied,
          ...Object.fromEntries(
            Object.entries(gradients).map(([name, value]) => [
              name.replace('gradient', 'clipped'),
              multiply(value, factor),
            ]),
          ),
        };
      });
      const found = await evaluate(backend, graph, {
        one: Float64Array.of(1),
        ...Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, Float64Array.from(data)])),
      });
      expectClose(found.norm, outputs.norm.data, 1e-6, 'norm');
      expectClose(found.factor, outputs.scale.data, 1e-6, 'factor');
      for (const [name, { data }] of Object.entries(outputs))
        if (name.startsWith('clipped')) expectClose(found[name], data, 1e-6, name);
    }
  });
});
