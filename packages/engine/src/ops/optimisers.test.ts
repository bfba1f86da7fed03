/** SGD, Lion and Adafactor: PyTorch's steps, every size and number of threads, and states in bfloat16. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backend, HostArray } from '../backends/backend.js';
import { referenceBackend } from '../backends/reference/reference.js';
import { fromBfloat16 } from '../half.js';
import { backends, isas, native } from '../testing/backends.js';
import { runs, size } from '../testing/check.js';
import { expectClose, expectSameBits, tolerance } from '../testing/close.js';
import { draw } from '../testing/draw.js';
import { golden } from '../testing/golden.js';
import { input, type Tensor, trace } from '../trace/trace.js';
import type { DType } from '../types.js';
import { adafactor } from './adafactor.js';
import { adamw } from './adamw.js';
import { lion } from './lion.js';
import { philox } from './philox.js';
import { sgd } from './sgd.js';

/** What a step reads beside its states. */
interface Given {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  readonly states: readonly Tensor[];
  readonly factor: Tensor;
  readonly applied: Tensor;
  readonly rates: Tensor;
  readonly step: Tensor;
}

interface Update {
  readonly parameter: Tensor;
  readonly states: readonly Tensor[];
}

interface Rule {
  readonly states: (shape: readonly number[]) => readonly (readonly number[])[];
  readonly update: (the: Given) => Update;
  readonly rates: (step: number) => readonly number[];
  readonly dtype?: DType;
}

const same = (shape: readonly number[]) => [shape];

const sgdRule = (momentum: number, nesterov: boolean, weightDecay: number, rate: number, dtype?: DType): Rule => ({
  states: same,
  ...(dtype === undefined ? {} : { dtype }),
  update: ({ states: [state], rates, ...the }) => {
    const made = sgd({ ...the, momentum: state, rate: rates }, { momentum, nesterov, weightDecay, seed: 3, stream: 4 });
    return { parameter: made.newParameter, states: [made.newMomentum] };
  },
  rates: () => [rate],
});

const lionRule = (beta1: number, beta2: number, weightDecay: number, rate: number, dtype?: DType): Rule => ({
  states: same,
  ...(dtype === undefined ? {} : { dtype }),
  update: ({ states: [state], rates, ...the }) => {
    const made = lion({ ...the, momentum: state, rate: rates }, { beta1, beta2, weightDecay, seed: 3, stream: 4 });
    return { parameter: made.newParameter, states: [made.newMomentum] };
  },
  rates: () => [rate],
});

const adamwRule = (rate: number, dtype: DType): Rule => ({
  states: (shape) => [shape, shape],
  dtype,
  update: ({ states: [first, second], ...the }) => {
    const made = adamw(
      { ...the, first, second },
      { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, seed: 3, stream: 4 },
    );
    return { parameter: made.newParameter, states: [made.newFirst, made.newSecond] };
  },
  rates: (step) => [rate, 1 - 0.9 ** step, 1 - 0.99 ** step],
});

const adafactorRule = (rate: number, clip: number, weightDecay: number, epsilon: number): Rule => ({
  states: ([rows, columns]) => [[rows], [columns]],
  update: ({ states: [rowState, columnState], step: _, ...the }) => {
    const made = adafactor({ ...the, rowState, columnState }, { epsilon, leastScale: 1e-3, clip, weightDecay });
    return { parameter: made.newParameter, states: [made.newRowState, made.newColumnState] };
  },
  rates: (step) => [Math.min(rate, 1 / Math.sqrt(step)), step ** -0.8],
});

/** Parameter and states after each step. */
async function stepsOf(
  backend: Backend,
  { states: statesOf, update, rates, dtype = 'float32' }: Rule,
  shape: readonly number[],
  start: ArrayLike<number>,
  gradients: readonly ArrayLike<number>[],
  { factor = 1, applied = 1 } = {},
): Promise<readonly (readonly HostArray[])[]> {
  const types = statesOf(shape).map((of) => ({ dtype, shape: of }));
  const graph = trace((t) => {
    const f32 = (name: string, of: readonly number[]) => input(t, name, { dtype: 'float32', shape: of });
    const parameter = f32('parameter', shape);
    const states = types.map((type, i) => input(t, `state${i}`, type));
    const made = update({
      parameter,
      states,
      gradient: f32('gradient', shape),
      factor: f32('factor', []),
      applied: f32('applied', []),
      rates: f32('rates', [rates(1).length]),
      step: input(t, 'step', { dtype: 'int32', shape: [] }),
    });
    return {
      outputs: {},
      updates: [[parameter, made.parameter], ...states.map((state, i) => [state, made.states[i]] as const)],
    };
  });
  const executable = backend.compile(graph);
  const parameter = backend.allocate({ dtype: 'float32', shape }, start);
  const states = types.map((type) => backend.allocate(type));
  const history: HostArray[][] = [];
  for (const [i, gradient] of gradients.entries()) {
    await backend.run(executable, {
      parameter,
      ...Object.fromEntries(states.map((state, k) => [`state${k}`, state])),
      gradient,
      factor: [factor],
      applied: [applied],
      rates: rates(i + 1),
      step: [i],
    });
    history.push([parameter, ...states].map((buffer) => backend.read(buffer)));
  }
  return history;
}

const cases = Object.entries(golden('optimiser')).filter(([name]) => !/^adam[PTW]|Plain|Vector/.test(name));

describe.each(backends())('on $name', ({ backend }) => {
  it.each(cases)('steps as PyTorch or the paper does: %s', async (name, { inputs, attributes, outputs }) => {
    const { shape, data } = inputs['parameter'];
    const steps = inputs['gradients'].shape[0];
    const at = (key: string): number => Number(attributes[key]);
    const rule = name.startsWith('sgd')
      ? sgdRule(at('momentum'), attributes['nesterov'] === true, at('weightDecay'), at('learningRate'))
      : name.startsWith('lion')
        ? lionRule(at('beta1'), at('beta2'), at('weightDecay'), at('learningRate'))
        : adafactorRule(at('learningRate'), at('clip'), at('weightDecay'), at('epsilon'));
    const row = (all: readonly number[], i: number) =>
      all.slice((i * all.length) / steps, ((i + 1) * all.length) / steps);
    const gradients = Array.from({ length: steps }, (_, i) => row(inputs['gradients'].data, i));
    const found = await stepsOf(backend, rule, shape, data, gradients);
    const allowed = backend.name === 'reference' ? 1e-12 : tolerance.float32;
    found.forEach(([parameter, ...states], i) => {
      expectClose(parameter, row(outputs['parameters'].data, i), allowed, `parameter after ${i + 1}`);
      states.forEach((state, k) => {
        expectClose(state, row(outputs[`state${k}`].data, i), allowed, `state ${k} after ${i + 1}`);
      });
    });
  });

  it.each([
    ['sgd', sgdRule(0.9, true, 0.1, 0.1)],
    ['lion', lionRule(0.9, 0.99, 0.1, 0.1)],
    ['adafactor', adafactorRule(0.1, 1, 0.1, 1e-15)],
  ])('%s changes nothing where it is not applied, even for a gradient of NaN', async (_, rule) => {
    const [after] = await stepsOf(backend, rule, [1, 2], [1, 2], [[Number.NaN, Infinity]], { applied: 0 });
    expect(after.flatMap((values) => [...values])).toEqual([
      1,
      2,
      ...after.slice(1).flatMap((s) => [...s].map(() => 0)),
    ]);
  });
});

describe('is its definition on every size, and the same bits on any number of threads', () => {
  it.each([
    ['sgd', sgdRule(0.9, true, 0.1, 0.02)],
    ['lion', lionRule(0.9, 0.99, 0.1, 0.02)],
    ['adafactor', adafactorRule(0.02, 1, 0.1, 1e-15)],
  ])('%s', (_, rule) =>
    fc.assert(
      fc.asyncProperty(size(70), fc.oneof(size(70), fc.constantFrom(129, 1030)), fc.nat(1e6), async (n, m, seed) => {
        const { p, g, h } = draw({ p: { shape: [n, m] }, g: { shape: [n, m] }, h: { shape: [n, m] } }, seed);
        const expected = await stepsOf(referenceBackend(), rule, [n, m], p, [g, h], { factor: 0.5 });
        for (const isa of isas()) {
          const one = await stepsOf(native(isa, 1), rule, [n, m], p, [g, h], { factor: 0.5 });
          one[1].forEach((values, i) => {
            expectClose(values, expected[1][i], tolerance.float32, `${isa} ${i}`);
          });
          for (const threads of [2, 3, 7]) {
            const many = await stepsOf(native(isa, threads), rule, [n, m], p, [g, h], { factor: 0.5 });
            many[1].forEach((values, i) => {
              expectSameBits(values, one[1][i], `${isa} ${i} on ${threads}`);
            });
          }
        }
      }),
      { numRuns: runs(6), seed: 9 },
    ),
  );
});

/** The state that stochastic rounding must give for element i of the first step. */
function roundedUp(value: number, i: number, which: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0];
  const word = philox([Math.floor(i / 8), 0, 4, which], [3, 0])[Math.floor(i / 2) % 4];
  return fromBfloat16(((bits + ((i % 2 === 0 ? word : word >>> 16) & 0xffff)) >>> 16) & 0xffff);
}

describe('states in bfloat16', () => {
  const n = 2500;
  const { p, g } = draw({ p: { shape: [n] }, g: { shape: [n] } }, 5);
  it.each(isas())('are rounded by the words of Philox on %s, on any number of threads', async (isa) => {
    const [one] = await stepsOf(native(isa, 1), sgdRule(0.9, false, 0, 0.1, 'bfloat16'), [n], p, [g]);
    const expected = Array.from(g, (value, i) => roundedUp(value, i, 0));
    expect([...one[1]]).toEqual(expected);
    expect(expected.filter((value, i) => value !== Math.fround(g[i])).length).toBeGreaterThan(n / 2);
    for (const rule of [lionRule(0.9, 0.99, 0.1, 0.02, 'bfloat16'), adamwRule(0.01, 'bfloat16')]) {
      const single = await stepsOf(native(isa, 1), rule, [n], p, [g, g, g]);
      for (const threads of [2, 3, 7]) {
        const many = await stepsOf(native(isa, threads), rule, [n], p, [g, g, g]);
        many[2].forEach((values, i) => {
          expectSameBits(values, single[2][i], `${isa} ${i} on ${threads}`);
        });
      }
    }
  });

  it('keep the mean of changes that are too small for nearest rounding', async () => {
    // β₂ = 0.999: the state moves by a thousandth of the gradient's distance, far less than half a step of bfloat16.
    const count = 4096;
    const ones = new Float64Array(count).fill(1);
    const rule = { ...lionRule(0.9, 0.999, 0, 0, 'bfloat16') };
    const steps = await stepsOf(
      native(isas()[0], 2),
      rule,
      [count],
      ones,
      Array.from({ length: 1500 }, () => ones),
    );
    const mean = [...(steps.at(-1)?.[1] ?? [])].reduce((a, b) => a + b, 0) / count;
    // Rounded to nearest it would stop where a thousandth of what is left is below half a step: at 0.5.
    expect(mean).toBeGreaterThan(0.77);
    expect(mean).toBeCloseTo(1 - 0.999 ** 1500, 2);
  });

  it('follow the definition within the precision of bfloat16, and keep what is not finite', async () => {
    const rule = adamwRule(0.01, 'bfloat16');
    const expected = await stepsOf(referenceBackend(), rule, [n], p, [g, g]);
    const found = await stepsOf(native(isas()[0], 2), rule, [n], p, [g, g]);
    found[1].forEach((values, i) => {
      expectClose(values, Float32Array.from(expected[1][i]), tolerance.bfloat16, `state ${i}`);
    });
    const [after] = await stepsOf(
      native(isas()[0], 2),
      sgdRule(0.9, false, 0, 0, 'bfloat16'),
      [3],
      [0, 0, 0],
      [[Number.NaN, Infinity, -Infinity]],
    );
    expect([...after[1]]).toEqual([Number.NaN, Infinity, -Infinity]);
  });
});
