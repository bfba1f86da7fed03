/** Muon's direction and its update, held to PyTorch's numbers (scripts/golden/ops.py) on every backend. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Backend, input, loadAddon, nativeBackend, referenceBackend, trace } from '@octavo/engine';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type OptimiserConfig, orthogonalise, stateNames, update } from './optimiser.js';

const packed = z.object({ shape: z.array(z.number()), data: z.array(z.number()) });
const cases = z
  .record(
    z.string(),
    z.object({
      inputs: z.record(z.string(), packed),
      attributes: z.record(z.string(), z.number()),
      outputs: z.record(z.string(), packed),
    }),
  )
  .parse(
    JSON.parse(
      readFileSync(fileURLToPath(new URL('../../../engine/src/ops/fixtures/muon.json', import.meta.url)), 'utf8'),
    ),
  );
const named = (prefix: string) => Object.entries(cases).filter(([name]) => name.startsWith(prefix));

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

describe.each(backends)('on %s', (_, backend, allowed) => {
  it.each(named('newtonSchulz'))('orthogonalises as PyTorch does: %s', async (__, { inputs, outputs }) => {
    const { shape, data } = packed.parse(inputs['gradient']);
    const graph = trace((t) => ({ outputs: { y: orthogonalise(input(t, 'x', { dtype: 'float32', shape })) } }));
    const found = await backend.run(backend.compile(graph), { x: data });
    expect(worst(found['y'] ?? [], outputs['direction']?.data ?? [])).toBeLessThan(allowed);
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

  it.each(named('threeSteps'))('steps as PyTorch does: %s', async (__, { inputs, attributes, outputs }) => {
    const { shape, data } = packed.parse(inputs['parameter']);
    const config: OptimiserConfig = {
      kind: 'muon',
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      weightDecay: attributes['weightDecay'] ?? 0,
      momentum: attributes['momentum'] ?? 0,
    };
    expect(stateNames('matrix', config)).toEqual(['momentum']);
    const graph = trace((t) => {
      const f32 = (name: string, of: readonly number[]) => input(t, name, { dtype: 'float32', shape: of });
      const [parameter, momentum] = [f32('parameter', shape), f32('momentum', shape)];
      const scalars = {
        factor: f32('factor', []),
        applied: f32('applied', []),
        rates: f32('rates', [3]),
        matrixRate: f32('matrixRate', []),
      };
      const made = update('matrix', parameter, f32('gradient', shape), [momentum], scalars, config);
      const [after] = made.state;
      return {
        outputs: {},
        updates: [[parameter, made.parameter], ...(after === undefined ? [] : [[momentum, after] as const])],
      };
    });
    const type = { dtype: 'float32', shape } as const;
    const [parameter, momentum] = [backend.allocate(type, data), backend.allocate(type)];
    const executable = backend.compile(graph);
    const row = (name: string, from: typeof inputs, i: number) =>
      from[name]?.data.slice(i * data.length, (i + 1) * data.length) ?? [];
    const step = (gradient: readonly number[], applied: number) =>
      backend.run(executable, {
        parameter,
        momentum,
        gradient,
        factor: [1],
        applied: [applied],
        rates: [0, 1, 1],
        matrixRate: [attributes['learningRate'] ?? 0],
      });
    for (let i = 0; i < 3; i++) {
      await step(row('gradients', inputs, i), 1);
      expect(worst(backend.read(parameter), row('parameters', outputs, i)), `parameter after ${i + 1}`).toBeLessThan(
        allowed,
      );
      expect(worst(backend.read(momentum), row('momentum', outputs, i)), `momentum after ${i + 1}`).toBeLessThan(
        allowed,
      );
    }
    const before = backend.read(parameter);
    await step(
      data.map(() => Number.NaN),
      0,
    );
    expect(worst(backend.read(parameter), before), 'not applied').toBe(0);
  });
});
