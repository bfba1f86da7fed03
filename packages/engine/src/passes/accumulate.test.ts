/** Sums of products that are made in place: which are, what they mean, and which must stay as they are. */
import { describe, expect, it } from 'vitest';
import { gradient } from '../gradient/gradient.js';
import { add } from '../ops/add.js';
import { crossEntropy } from '../ops/cross-entropy.js';
import { embedding } from '../ops/embedding.js';
import { embeddingGradient } from '../ops/embedding-gradient.js';
import { exp } from '../ops/exp.js';
import { matmul } from '../ops/matmul.js';
import { multiply } from '../ops/multiply.js';
import { reshape } from '../ops/reshape.js';
import { plan } from '../plan/plan.js';
import { backends } from '../testing/backends.js';
import { type Body, checkShapes, graphOf, size } from '../testing/check.js';
import { expectClose, tolerance } from '../testing/close.js';
import { type Graph, print } from '../trace/graph.js';
import { input, type Tensor, type Trace, trace } from '../trace/trace.js';
import { accumulate } from './accumulate.js';
import { optimise } from './index.js';

const f32 = (t: Trace, name: string, shape: readonly number[]) => input(t, name, { dtype: 'float32', shape });
const product = (a: Tensor, b: Tensor) => matmul(a, b, { transposeA: true, full: true });
const kinds = ({ nodes }: Graph) => nodes.map(({ kind }) => kind).join(' ');

/** Gradients of a table that is looked up and is the output layer, added to a buffer: four sums of three products. */
const micro = (t: Trace) => {
  const [table, weight, sum, total] = [
    f32(t, 'table', [9, 4]),
    f32(t, 'weight', [4, 4]),
    f32(t, 'sum', [9, 4]),
    f32(t, 'weightSum', [4, 4]),
  ];
  const ids = input(t, 'ids', { dtype: 'int32', shape: [5] });
  const targets = input(t, 'targets', { dtype: 'int32', shape: [5] });
  const x = matmul(embedding(table, ids), weight);
  const { loss } = crossEntropy({ x, weight: table, targets, weights: f32(t, 'weights', [5]) });
  const [dtable, dweight] = gradient(loss, [table, weight], f32(t, 'seed', []));
  if (dtable === undefined || dweight === undefined) throw new Error('the loss depends on both');
  return { loss, updates: [[sum, add(sum, dtable)] as const, [total, add(dweight, total)] as const] };
};

describe('accumulate', () => {
  it('adds gradients to their buffers inside the products', () => {
    const graph = trace((t) => {
      const { loss, updates } = micro(t);
      return { outputs: { loss }, updates };
    });
    const after = optimise(graph, 'float32');
    expect(print(after)).toMatchInlineSnapshot(`
      "%0 = input table float32[9, 4]
      %1 = input weight float32[4, 4]
      %2 = input sum float32[9, 4]
      %3 = input weightSum float32[4, 4]
      %4 = input ids int32[5]
      %5 = input targets int32[5]
      %8 = input weights float32[5]
      %11 = input seed float32[]
      %6 = embedding(%0, %4) {dtype: float32} float32[5, 4]
      %7 = matmul(%6, %1, ·, ·) {transposeA: false, transposeB: false, full: false} float32[5, 4]
      %9, %10, %12, %13, %14 = crossEntropyTraining(%7, %0, %5, %8, %11, ·, %2) float32[] float32[5] float32[5, 4] float32[9, 4] float32[9]
      %15 = matmul(%12, %1, ·, ·) {transposeA: false, transposeB: true, full: false} float32[5, 4]  # gradient.
      %20 = matmul(%6, %12, %3, ·) {transposeA: true, transposeB: false, full: false} float32[4, 4]  # gradient.
      %19 = embeddingGradient(%15, %4, %13) {rows: 9} float32[9, 4]  # gradient.
      output loss = %9
      update %2 ← %19
      update %3 ← %20"
    `);
    // Neither gradient has bytes of its own: what is left are activations.
    expect(Math.max(...plan(after).arena.map(({ bytes }) => bytes))).toBe(5 * 4 * 4);
  });

  it.each(backends())('leaves in the buffers what the reference says, on $name', async ({ backend }) => {
    const graph = trace((t) => {
      const { loss, updates } = micro(t);
      return { outputs: { loss }, updates };
    });
    const of = (count: number, by: number) => Float64Array.from({ length: count }, (_, i) => Math.sin(by * (i + 1)));
    const values = {
      table: of(36, 0.7),
      weight: of(16, 0.3),
      sum: of(36, 1.9),
      weightSum: of(16, 1.1),
      ids: [3, 0, 3, 8, 1],
      targets: [0, 1, 2, 8, 3],
      weights: of(5, 0.2),
      seed: [1],
    };
    const [reference] = backends();
    const after = async (on: typeof backend) => {
      const buffers = new Map(
        graph.inputs.map(({ name, value }) => [name, on.allocate(graph.types[value], Reflect.get(values, name))]),
      );
      for (let run = 0; run < 2; run++) await on.run(on.compile(graph), Object.fromEntries(buffers));
      return ['sum', 'weightSum'].map((name) => {
        const buffer = buffers.get(name);
        return buffer === undefined ? [] : [...on.read(buffer)];
      });
    };
    const expected = await after(reference.backend);
    for (const [i, found] of (await after(backend)).entries()) expectClose(found, expected[i], tolerance.float32);
  });

  it('is its definition on every size', () =>
    checkShapes(size(70), (n) => {
      const specs = {
        s: { shape: [n, 7] },
        a: { shape: [33, n] },
        b: { shape: [33, 7] },
        dy: { shape: [6, 7] },
        ids: { shape: [6], dtype: 'int32' as const, below: n },
      };
      const body: Body = ({ s, a, b, dy, ids }) => ({
        y: add(add(exp(s), product(a, b)), embeddingGradient(dy, ids, n)),
      });
      expect(kinds(optimise(graphOf(specs, body), 'float32'))).toBe('fused matmul embeddingGradient');
      return { specs, body, gradients: false };
    }));

  const stays: readonly (readonly [string, Graph])[] = [
    [
      'a sum that somebody else reads',
      graphOf({ a: { shape: [4, 4] } }, ({ a }) => {
        const s = exp(a);
        return { y: add(s, product(a, a)), z: multiply(s, s) };
      }),
    ],
    ['an input that is not updated', graphOf({ a: { shape: [4, 4] } }, ({ a }) => ({ y: add(a, matmul(a, a)) }))],
    [
      'an input that becomes another value',
      trace((t) => {
        const [s, a] = [f32(t, 's', [4, 4]), f32(t, 'a', [4, 4])];
        return { outputs: {}, updates: [[s, multiply(add(s, product(a, a)), 2)]] };
      }),
    ],
    [
      'a product that leaves',
      graphOf({ a: { shape: [4, 4] } }, ({ a }) => {
        const p = product(a, a);
        return { p, y: add(exp(a), p) };
      }),
    ],
    [
      'a sum of another shape',
      graphOf({ a: { shape: [4, 4] }, s: { shape: [4] } }, ({ a, s }) => ({ y: add(exp(s), product(a, a)) })),
    ],
    [
      'a sum that is made after the product',
      trace((t) => {
        const [s, a] = [f32(t, 's', [4, 4]), f32(t, 'a', [4, 4])];
        const p = product(a, a);
        return { outputs: { y: add(exp(s), p) } };
      }),
    ],
    [
      'another name of the bytes of an input',
      graphOf({ a: { shape: [4, 4] }, s: { shape: [16] } }, ({ a, s }) => ({
        y: add(reshape(s, [4, 4]), product(a, a)),
        z: exp(s),
      })),
    ],
  ];
  it.each(stays)('leaves %s alone', (_, graph) => {
    expect(kinds(accumulate(graph))).toBe(kinds(graph));
    expect(() => plan(optimise(graph, 'float32'))).not.toThrow();
  });
});
