/** Who shares whose bytes: the rules of the memory plan, and that what runs by it is what the reference computes. */
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
import { expectClose, tolerance } from '../testing/close.js';
import type { Graph } from '../trace/graph.js';
import { input, type Trace, trace } from '../trace/trace.js';
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
