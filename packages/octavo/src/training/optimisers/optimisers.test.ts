/** Every optimiser's steps, held to PyTorch's numbers and published ones (scripts/golden/ops.py) on every backend. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Backend, input, loadAddon, nativeBackend, referenceBackend, trace } from '@octavo/engine';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { OptimiserKind } from '../../core/index.js';
import type { ParameterSpec } from '../../models/index.js';
import { averageRate, movedAverage } from './average.js';
import { clipGradients } from './clip.js';
import { assignOptimisers, defaultOptimiser, type OptimiserConfig } from './groups.js';
import { orthogonalise } from './muon.js';

const packed = z.object({ shape: z.array(z.number()), data: z.array(z.number()) });
const file = z.record(
  z.string(),
  z.object({
    inputs: z.record(z.string(), packed),
    attributes: z.record(z.string(), z.union([z.number(), z.boolean()])),
    outputs: z.record(z.string(), packed),
  }),
);
const golden = (family: string) =>
  Object.entries(
    file.parse(
      JSON.parse(
        readFileSync(
          fileURLToPath(new URL(`../../../../engine/src/ops/fixtures/${family}.json`, import.meta.url)),
          'utf8',
        ),
      ),
    ),
  );

const backends: readonly (readonly [string, Backend, number])[] = [
  ['reference', referenceBackend(), 1e-9],
  ...loadAddon().isas.map((isa): readonly [string, Backend, number] => [
    `native ${isa}`,
    nativeBackend({ threads: 2, isa, form: 'widened' }),
    3e-5,
  ]),
];

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let most = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN)));
  return Number.isNaN(most) ? Number.POSITIVE_INFINITY : most;
};

const spec = (path: string, shape: readonly number[], role: ParameterSpec['role']): ParameterSpec => ({
  path,
  shape,
  role,
  start: { kind: 'constant', value: 0 },
});

/** Steps of the only parameter of a model: parameter and states after each. */
function stepper(backend: Backend, config: OptimiserConfig, shape: readonly number[], start: readonly number[]) {
  const [own] = assignOptimisers([spec('p', shape, shape.length === 2 ? 'matrix' : 'vector')], config, 1);
  if (own === undefined) throw new Error('one parameter has one optimiser');
  const { optimiser, ratesName } = own;
  const graph = trace((t) => {
    const f32 = (name: string, of: readonly number[]) => input(t, name, { dtype: 'float32', shape: of });
    const parameter = f32('parameter', shape);
    const states = optimiser.states(shape).map((state, i) => input(t, `state${i}`, state));
    const made = optimiser.update({
      parameter,
      gradient: f32('gradient', shape),
      states,
      scalars: f32(ratesName, [optimiser.scalars(0, 1).length]),
      factor: f32('factor', []),
      applied: f32('applied', []),
      step: input(t, 'step', { dtype: 'int32', shape: [] }),
    });
    const after = states.flatMap((state, i) => {
      const next = made.states[i];
      return next === undefined ? [] : [[state, next] as const];
    });
    return { outputs: {}, updates: [[parameter, made.parameter], ...after] };
  });
  const executable = backend.compile(graph);
  const parameter = backend.allocate({ dtype: 'float32', shape }, start);
  const states = optimiser.states(shape).map((state) => backend.allocate(state));
  return async (step: number, rate: number, gradient: readonly number[], applied = 1) => {
    await backend.run(executable, {
      parameter,
      ...Object.fromEntries(states.map((state, i) => [`state${i}`, state])),
      gradient,
      [ratesName]: optimiser.scalars(step, rate),
      factor: [1],
      applied: [applied],
      step: [step],
    });
    return [parameter, ...states].map((buffer) => backend.read(buffer));
  };
}

const adamw = golden('adamw').map(([name, the]) => [`adamw ${name}`, the] as const);
const muon = golden('muon').filter(([name]) => name.startsWith('threeSteps'));
const cases = [...golden('optimiser'), ...adamw, ...muon.map(([name, the]) => [`muon ${name}`, the] as const)];
const kindOf = (name: string): OptimiserKind =>
  z
    .enum(['muon', 'adamw', 'adam', 'sgd', 'lion', 'adafactor'])
    .parse(/^(muon|adamw|adafactor|adam|sgd|lion)/.exec(name)?.[0]);

describe.each(backends)('on %s', (_, backend, allowed) => {
  it.each(cases)('steps as PyTorch or the paper does: %s', async (name, { inputs, attributes, outputs }) => {
    const { shape, data } = packed.parse(inputs['parameter']);
    const { learningRate, ...rest } = attributes;
    const choices = z.looseObject({ weightDecay: z.number() }).parse(rest);
    const config: OptimiserConfig = {
      ...defaultOptimiser,
      decayed: ['matrix', 'vector'],
      ...choices,
      kind: kindOf(name),
    };
    const step = stepper(backend, config, shape, data);
    const gradients = packed.parse(inputs['gradients']);
    const rows = gradients.shape[0] ?? 0;
    const row = (all: readonly number[], i: number) =>
      all.slice((i * all.length) / rows, ((i + 1) * all.length) / rows);
    for (let i = 0; i < rows; i++) {
      const [parameter = []] = await step(i, Number(learningRate), row(gradients.data, i));
      // Adafactor's ε is that of float32; torch's here that of float64. No estimate comes near either.
      expect(worst(parameter, row(outputs['parameters']?.data ?? [], i)), `after ${i + 1}`).toBeLessThan(allowed);
    }
    const before = await step(rows, 0.1, row(gradients.data, 0), 0);
    const unmoved = await step(
      rows,
      0.1,
      data.map(() => Number.NaN),
      0,
    );
    before.forEach((values, i) => {
      expect(worst(values, unmoved[i] ?? []), 'not applied').toBe(0);
    });
  });

  it.each(golden('muon').filter(([name]) => name.startsWith('newtonSchulz')))(
    'orthogonalises as PyTorch does: %s',
    async (__, { inputs, outputs }) => {
      const { shape, data } = packed.parse(inputs['gradient']);
      const graph = trace((t) => ({ outputs: { y: orthogonalise(input(t, 'x', { dtype: 'float32', shape })) } }));
      const found = await backend.run(backend.compile(graph), { x: data });
      expect(worst(found['y'] ?? [], outputs['direction']?.data ?? [])).toBeLessThan(allowed);
    },
  );

  it('orthogonalises each matrix of a stack by itself', async () => {
    const [one, other] = [
      [1, 2, 3, 4, 5, 7],
      [0.3, -2, 0.01, 4, 0, 1],
    ];
    const graph = trace((t) => {
      const x = (name: string, shape: readonly number[]) => input(t, name, { dtype: 'float32', shape });
      return {
        outputs: {
          stack: orthogonalise(x('stack', [2, 3, 2])),
          one: orthogonalise(x('one', [3, 2])),
          other: orthogonalise(x('other', [3, 2])),
        },
      };
    });
    const found = await backend.run(backend.compile(graph), { stack: [...one, ...other], one, other });
    expect(worst(found['stack'] ?? [], [...(found['one'] ?? []), ...(found['other'] ?? [])])).toBeLessThan(1e-5);
  });

  it('gives the published factor of [[1, 2], [3, 4]]', async () => {
    const graph = trace((t) => ({ outputs: { y: orthogonalise(input(t, 'x', { dtype: 'float32', shape: [2, 2] })) } }));
    const found = await backend.run(backend.compile(graph), { x: [1, 2, 3, 4] });
    expect(worst(found['y'] ?? [], [-0.680661, 0.82554, 0.741295, 0.25944])).toBeLessThan(3e-5);
  });

  it('draws singular values together by the published polynomial', async () => {
    // A diagonal matrix keeps its directions: each value x goes to the five-fold polynomial of x / ‖X‖.
    const scale = Math.sqrt(1 - 0.5 ** 2 - 0.1 ** 2 - 0.01 ** 2);
    const diagonal = [0.01, 0.1, 0.5, scale].flatMap((value, i) => [0, 1, 2, 3].map((j) => (i === j ? value : 0)));
    const graph = trace((t) => ({ outputs: { y: orthogonalise(input(t, 'x', { dtype: 'float32', shape: [4, 4] })) } }));
    const y = Array.from((await backend.run(backend.compile(graph), { x: diagonal }))['y'] ?? []);
    expect(worst([y[0] ?? 0, y[5] ?? 0, y[10] ?? 0], [0.698917, 0.71212, 0.765439])).toBeLessThan(5e-5);
  });

  it('clips elements before the norm, in the units of the loss, and sees what is not finite', async () => {
    const graph = trace((t) => {
      const f32 = (name: string, shape: readonly number[]) => input(t, name, { dtype: 'float32', shape });
      const given = { loss: f32('loss', []), lossScale: f32('lossScale', []) };
      const { gradients, ...rest } = clipGradients([f32('a', [2]), f32('b', [1])], given, { norm: 1, value: 0.75 });
      return { outputs: { ...rest, ...Object.fromEntries(gradients.map((gradient, i) => [`g${i}`, gradient])) } };
    });
    const clip = (a: readonly number[]) =>
      backend.run(backend.compile(graph), { a, b: [-1], loss: [1], lossScale: [2] });
    // Limits ±1.5 under a loss scale of 2; the norm is √(1.5² + 0.5² + 1) / 2.
    const found = await clip([3, 0.5]);
    expect(worst(found['g0'] ?? [], [1.5, 0.5])).toBe(0);
    expect(found['norm']?.[0]).toBeCloseTo(Math.sqrt(3.5) / 2, 6);
    expect(found['factor']?.[0]).toBeCloseTo(0.5, 5);
    expect(found['applied']?.[0]).toBe(1);
    for (const bad of [Number.NaN, Infinity]) expect((await clip([bad, 0]))['applied']?.[0]).toBe(0);
  });

  it('averages weights by the ramp, then by the decay', async () => {
    const graph = trace((t) => {
      const f32 = (name: string) => input(t, name, { dtype: 'float32', shape: [] });
      const average = f32('average');
      return {
        outputs: {},
        updates: [[average, movedAverage(average, f32('parameter'), f32('rate'), f32('applied'))]],
      };
    });
    const average = backend.allocate({ dtype: 'float32', shape: [] }, [1]);
    const executable = backend.compile(graph);
    let expected = 1;
    for (let step = 0; step < 60; step++) {
      const applied = step % 7 === 3 ? 0 : 1;
      await backend.run(executable, { average, parameter: [step], rate: [averageRate(0.8, step)], applied: [applied] });
      const decay = Math.min(0.8, (step + 2) / (step + 11));
      if (applied) expected = decay * expected + (1 - decay) * step;
      expect(Math.abs((backend.read(average)[0] ?? Number.NaN) - expected)).toBeLessThan(1e-4);
    }
  });
});

describe('groups', () => {
  const specs = [
    spec('embedding.token', [4, 2], 'embedding'),
    spec('blocks.0.up.weight', [2, 2], 'matrix'),
    spec('blocks.0.norm.gain', [2], 'vector'),
  ];
  const names = (config: Partial<OptimiserConfig>) =>
    assignOptimisers(specs, { ...defaultOptimiser, ...config }, 1).map(({ ratesName }) => ratesName);
  it('give Muon the matrices alone, and all to others', () => {
    expect(names({})).toEqual(['rates:adamw', 'rates:muon', 'rates:adamw']);
    expect(names({ kind: 'lion' })).toEqual(['rates:lion', 'rates:lion', 'rates:lion']);
  });
  it('take the first pattern that fits, with its rate', () => {
    const groups = [
      { parameters: '*.gain', rate: 0.5 },
      { parameters: 'blocks.*', optimiser: 'sgd' as const },
    ];
    expect(names({ groups })).toEqual(['rates:adamw', 'rates:sgd', 'rates:adamw × 0.5']);
  });
  it('read a dot as a dot', () => {
    expect(() => names({ groups: [{ parameters: 'embedding?token' }] })).toThrow(/no parameter fits/);
  });
  it('refuse Muon for vectors', () => {
    expect(() => names({ groups: [{ parameters: '*', optimiser: 'muon' }] })).toThrow(/blocks.0.norm.gain/);
  });
});
