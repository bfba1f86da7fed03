/** Who shares whose bytes: the rules of the memory plan, and that what runs by it is what the reference computes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backend, DeviceBuffer } from '../backends/backend.js';
import { gradient } from '../gradient/gradient.js';
import { adamw } from '../ops/adamw.js';
import { add } from '../ops/add.js';
import { exp } from '../ops/exp.js';
import { layerNorm } from '../ops/layer-norm.js';
import { matmul } from '../ops/matmul.js';
import { multiply } from '../ops/multiply.js';
import { reshape } from '../ops/reshape.js';
import { rmsNorm } from '../ops/rms-norm.js';
import { sum } from '../ops/sum.js';
import { optimise } from '../passes/index.js';
import { backends } from '../testing/backends.js';
import { evaluate, runs } from '../testing/check.js';
import { expectClose, tolerance } from '../testing/close.js';
import type { Graph } from '../trace/graph.js';
import { input, type Tensor, type Trace, trace } from '../trace/trace.js';
import { plan } from './plan.js';

const f32 = (t: Trace, name: string, shape: readonly number[]) => input(t, name, { dtype: 'float32', shape });

/** Runs a graph with buffers for every input, and gives outputs and what the buffers hold afterwards. */
async function runWithBuffers(
  backend: Backend,
  graph: Graph,
  values: Readonly<Record<string, readonly number[]>>,
): Promise<Record<string, readonly number[]>> {
  const buffers = Object.fromEntries(
    graph.inputs.map(({ name, value }): [string, DeviceBuffer] => [
      name,
      backend.allocate(graph.types[value], values[name]),
    ]),
  );
  const outputs = await backend.run(backend.compile(graph), buffers);
  const found = [
    ...Object.entries(outputs),
    ...Object.entries(buffers).map(([name, buffer]) => [`after.${name}`, backend.read(buffer)] as const),
  ];
  return Object.fromEntries(found.map(([name, data]) => [name, [...data]]));
}

const updating: readonly (readonly [string, Graph, Readonly<Record<string, readonly number[]>>])[] = [
  [
    'an input that leaves as it was before its update',
    trace((t) => {
      const w = f32(t, 'w', [2]);
      return { outputs: { before: w }, updates: [[w, exp(w)]] };
    }),
    { w: [1, 2] },
  ],
  [
    'two inputs that change places',
    trace((t) => {
      const [a, b] = [f32(t, 'a', [2]), f32(t, 'b', [2])];
      return {
        outputs: {},
        updates: [
          [a, b],
          [b, a],
        ],
      };
    }),
    { a: [1, 2], b: [3, 4] },
  ],
  [
    'a history: the last becomes the one before',
    trace((t) => {
      const [last, before] = [f32(t, 'last', [2]), f32(t, 'before', [2])];
      return {
        outputs: {},
        updates: [
          [last, exp(last)],
          [before, last],
        ],
      };
    }),
    { last: [1, 2], before: [3, 4] },
  ],
  [
    'a product over another name of the input it updates',
    trace((t) => {
      const w = f32(t, 'w', [3, 3]);
      const alias = reshape(reshape(w, [9]), [3, 3]);
      return { outputs: {}, updates: [[w, matmul(alias, alias)]] };
    }),
    { w: [1, 2, 3, 4, 5, 6, 7, 8, 10] },
  ],
  [
    'a sum over the input it updates',
    trace((t) => {
      const w = f32(t, 'w', [2, 2]);
      return { outputs: {}, updates: [[w, matmul(w, w)]] };
    }),
    { w: [1, 2, 3, 4] },
  ],
  [
    'a broadcast of the input it updates',
    trace((t) => {
      const w = f32(t, 'w', [3]);
      return { outputs: {}, updates: [[w, multiply(w, sum(w))]] };
    }),
    { w: [1, 2, 3] },
  ],
  [
    'one value that updates two inputs and leaves',
    trace((t) => {
      const [a, b] = [f32(t, 'a', [2]), f32(t, 'b', [2])];
      const y = add(a, b);
      return {
        outputs: { y },
        updates: [
          [a, y],
          [b, y],
        ],
      };
    }),
    { a: [1, 2], b: [3, 4] },
  ],
  [
    'a value that updates one input while another reads it',
    trace((t) => {
      const [a, b] = [f32(t, 'a', [2]), f32(t, 'b', [2])];
      return {
        outputs: { y: multiply(a, b) },
        updates: [
          [a, add(a, 1)],
          [b, multiply(a, 2)],
        ],
      };
    }),
    { a: [1, 2], b: [3, 4] },
  ],
];

describe.each(backends())('updates on $name', ({ backend }) => {
  it.each(updating)('%s', async (_, graph, values) => {
    const [reference] = backends();
    const expected = await runWithBuffers(reference.backend, graph, values);
    const found = await runWithBuffers(backend, graph, values);
    for (const [name, data] of Object.entries(expected)) expectClose(found[name], data, tolerance.float32, name);
  });
  it('keeps a norm whose value nobody reads, for the gradient that needs its statistics', async () => {
    const graph = trace((t) => {
      const [x, gain, seed] = [f32(t, 'x', [2, 3]), f32(t, 'gain', [3]), f32(t, 'seed', [])];
      const loss = add(sum(layerNorm(x, gain, undefined, 1e-5)), sum(rmsNorm(x, gain, 1e-5)));
      const [dx] = gradient(loss, [x], seed);
      return { outputs: { dx: dx ?? x } };
    });
    const [reference] = backends();
    const values = { x: [1, 2, 4, 3, 1, -2], gain: [1, 2, 3], seed: [1] };
    const { dx } = await runWithBuffers(reference.backend, graph, values);
    expectClose((await runWithBuffers(backend, graph, values))['dx'], dx, tolerance.float32);
  });
});

describe('the plan', () => {
  /** Random graphs of ops with one and two operands, with values that live short and long. */
  const graphs = fc
    .array(fc.record({ op: fc.nat(4), a: fc.nat(), b: fc.nat() }), { minLength: 1, maxLength: 60 })
    .map((nodes) =>
      trace((t) => {
        const made = [f32(t, 'x', [4, 4]), f32(t, 'y', [4, 4])];
        for (const { op, a, b } of nodes) {
          const [l, r] = [made[a % made.length], made[b % made.length]];
          made.push(
            [
              () => matmul(l, r),
              () => add(l, r),
              () => exp(l),
              () => reshape(reshape(l, [16]), [4, 4]),
              () => rmsNorm(l, sum(r, [0, 1]), 1e-5),
            ][op](),
          );
        }
        return { outputs: { last: made[made.length - 1], some: made[Math.floor(made.length / 2)] } };
      }),
    );
  it('never gives the same bytes to two blocks that live at the same time', () =>
    fc.assert(
      fc.property(graphs, (graph) => {
        const { arena, arenaBytes } = plan(optimise(graph, 'float32'));
        for (const [i, a] of arena.entries()) {
          expect(a.offset % 64).toBe(0);
          expect(a.offset + a.bytes).toBeLessThanOrEqual(arenaBytes);
          for (const b of arena.slice(0, i)) {
            const together = a.from <= b.to && b.from <= a.to;
            const overlap = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
            expect(together && overlap, `${JSON.stringify(a)} and ${JSON.stringify(b)}`).toBe(false);
          }
        }
      }),
      { numRuns: runs(200), seed: 5 },
    ));
  it('runs random graphs as the reference does', () =>
    fc.assert(
      fc.asyncProperty(graphs, async (graph) => {
        const [reference, ...others] = backends();
        const values = {
          x: Float64Array.from({ length: 16 }, (_, i) => Math.sin(i) / 4),
          y: Float64Array.from({ length: 16 }, (_, i) => Math.cos(i) / 4),
        };
        const expected = await evaluate(reference.backend, graph, values);
        const found = await evaluate(others[others.length - 1].backend, graph, values);
        for (const [name, data] of Object.entries(expected))
          if (data.every((value) => Math.abs(value) < 1e3)) expectClose(found[name], data, 1e-2, name);
      }),
      { numRuns: runs(60), seed: 6 },
    ));
  it('needs no byte for a reshape, and reuses what has ended', () => {
    const graph = trace((t) => ({
      outputs: {
        y: Array.from({ length: 8 }).reduce<Tensor>((x) => reshape(matmul(x, x), [8, 8]), f32(t, 'x', [8, 8])),
      },
    }));
    expect(plan(optimise(graph, 'float32')).arenaBytes).toBe(2 * 8 * 8 * 4);
  });
  it('writes elementwise results over an operand that ends there', () => {
    const graph = trace((t) => ({ outputs: { y: exp(matmul(f32(t, 'x', [8, 8]), f32(t, 'w', [8, 8]))) } }));
    expect(plan(optimise(graph, 'float32')).arenaBytes).toBe(8 * 8 * 4);
  });
  it('writes an update straight into its buffer when nobody reads the old value afterwards', () => {
    const graph = trace((t) => {
      const w = f32(t, 'w', [8]);
      return { outputs: {}, updates: [[w, multiply(w, 0.5)]] };
    });
    const { arenaBytes, instructions } = plan(optimise(graph, 'float32'));
    expect(arenaBytes).toBe(0);
    expect(instructions).toHaveLength(1);
  });
  it('halves the activations in mixed precision', () => {
    const graph = trace((t) => ({
      outputs: { y: matmul(matmul(f32(t, 'x', [64, 64]), f32(t, 'w', [64, 64])), f32(t, 'v', [64, 64])) },
    }));
    expect(
      plan(optimise(graph, 'bfloat16'))
        .arena.filter(({ kind }) => kind === 'matmul')
        .map(({ bytes }) => bytes),
    ).toEqual([8192, 8192]);
  });
  const inPlace = (
    change: (the: Record<'p' | 'g' | 'm' | 'v', Tensor>) => {
      first?: Tensor;
      updates?: readonly (readonly [Tensor, Tensor])[];
      outputs?: Record<string, Tensor>;
    },
  ) =>
    trace((t) => {
      const the = { p: f32(t, 'p', [4]), g: f32(t, 'g', [4]), m: f32(t, 'm', [4]), v: f32(t, 'v', [4]) };
      const [factor, rates] = [f32(t, 'factor', []), f32(t, 'rates', [3])];
      const changed = change(the);
      const made = adamw(
        {
          parameter: the.p,
          gradient: the.g,
          first: changed.first ?? the.m,
          second: the.v,
          factor,
          applied: factor,
          rates,
        },
        { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 },
      );
      return {
        outputs: changed.outputs ?? {},
        updates: changed.updates ?? [
          [the.p, made.newParameter],
          [the.m, made.newFirst],
          [the.v, made.newSecond],
        ],
      };
    });
  it('refuses an op that writes over an input nobody declared as updated', () => {
    const graph = inPlace(() => ({}));
    expect(() => plan({ ...graph, updates: graph.updates.slice(1) })).toThrow(/not declared as updated/);
  });
  it.each<readonly [string, Graph, RegExp]>([
    ['an op that writes over a value that leaves', inPlace(({ m }) => ({ outputs: { m } })), /read afterwards/],
    ['an op that writes two results over one value', inPlace(({ v }) => ({ first: v })), /two results over one value/],
  ])('refuses %s', (_, graph, says) => {
    expect(() => plan(optimise(graph, 'float32'))).toThrow(says);
  });
});
