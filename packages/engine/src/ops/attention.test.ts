/** Causal attention, its gradient, and attention over a cache that it extends. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceBackend } from '../backends/reference/reference.js';
import { gradient } from '../gradient/gradient.js';
import { backends, isas, native } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { expectClose, expectSameBits, tolerance } from '../testing/close.js';
import { draw, type Specs } from '../testing/draw.js';
import { golden, type Packed } from '../testing/golden.js';
import { input, trace } from '../trace/trace.js';
import { attention } from './attention.js';
import { cachedAttention } from './cached-attention.js';
import { multiply } from './multiply.js';
import { sum } from './sum.js';

type Shape = { readonly heads: number; readonly keyValueHeads: number; readonly headWidth: number };
const attend =
  (the: Shape): Body =>
  ({ qkv, starts }) => ({ y: attention({ qkv, starts }, the) });
const specs = (batch: number, time: number, { heads, keyValueHeads, headWidth }: Shape): Specs => ({
  qkv: { shape: [batch, time, (heads + 2 * keyValueHeads) * headWidth] },
});
/** Documents packed one after the other: positions where each query's document began. */
const starts = (batch: number, time: number, length: number): Specs => ({
  starts: {
    shape: [batch, time],
    dtype: 'int32',
    values: Array.from({ length: batch * time }, (_, i) => Math.floor((i % time) / length) * length),
  },
});
const groups = fc.constantFrom([1, 1], [2, 2], [4, 2], [3, 1], [6, 3]);

describe('attention', () => {
  it('has the gradient of finite differences', () => {
    checkGradient(
      specs(1, 4, { heads: 2, keyValueHeads: 2, headWidth: 2 }),
      attend({ heads: 2, keyValueHeads: 2, headWidth: 2 }),
    );
    checkGradient(
      specs(2, 3, { heads: 4, keyValueHeads: 2, headWidth: 1 }),
      attend({ heads: 4, keyValueHeads: 2, headWidth: 1 }),
    );
    checkGradient(
      { ...specs(1, 5, { heads: 2, keyValueHeads: 1, headWidth: 2 }), ...starts(1, 5, 2) },
      attend({ heads: 2, keyValueHeads: 1, headWidth: 2 }),
    );
  });
  it('is its definition on every size, grouped and packed', () =>
    checkShapes(
      fc.tuple(size(3), size(17), groups, size(17, 1), fc.nat(8)),
      ([batch, time, [heads, keyValueHeads], headWidth, length]) => {
        const the = { heads, keyValueHeads, headWidth };
        return {
          specs: { ...specs(batch, time, the), ...(length === 0 ? {} : starts(batch, time, length)) },
          body: attend(the),
          factor: 2,
        };
      },
    ));
  it('is its definition over more than one block of queries', async () => {
    const the = { heads: 2, keyValueHeads: 1, headWidth: 24 };
    await checkKernels({ specs: specs(1, 131, the), body: attend(the), factor: 2 });
    await checkKernels({ specs: { ...specs(1, 131, the), ...starts(1, 131, 50) }, body: attend(the), factor: 2 });
  });
  it('opens the keys from a start outside [0, t] up to the query', () => {
    const the = { heads: 1, keyValueHeads: 1, headWidth: 3 };
    return checkKernels({
      specs: {
        ...specs(1, 5, the),
        starts: { shape: [1, 5], dtype: 'int32', values: [-7, 1, 1000000, -2147483648, 2147483647] },
      },
      body: attend(the),
    });
  });
  it('loses no NaN and no infinity', async () => {
    const the = { heads: 2, keyValueHeads: 2, headWidth: 4 };
    const graph = graphOf(specs(1, 70, the), attend(the));
    const { qkv } = draw(specs(1, 70, the), 3);
    qkv[30 * 24 + 2] = NaN;
    qkv[50 * 24 + 13] = Infinity;
    const expected = (await evaluate(referenceBackend(), graph, { qkv })).y;
    for (const isa of isas()) {
      const found = (await evaluate(native(isa), graph, { qkv })).y;
      expected.forEach((value, i) => {
        if (!Number.isFinite(value)) expect(Number.isFinite(found[i]), `${isa} ${i}`).toBe(false);
      });
    }
  });
  it('does not look ahead', async () => {
    const the = { heads: 2, keyValueHeads: 1, headWidth: 4 };
    const graph = graphOf(specs(1, 9, the), attend(the));
    const { qkv } = draw(specs(1, 9, the), 3);
    const changed = Float64Array.from(qkv).fill(100, 6 * 16);
    for (const { name, backend } of backends()) {
      const [before, after] = [
        (await evaluate(backend, graph, { qkv })).y,
        (await evaluate(backend, graph, { qkv: changed })).y,
      ];
      expectSameBits(after.slice(0, 6 * 8), before.slice(0, 6 * 8), name);
    }
  });
  it('refuses channels that are not heads', () =>
    expect(() => graphOf({ qkv: { shape: [1, 2, 7] } }, attend({ heads: 1, keyValueHeads: 1, headWidth: 2 }))).toThrow(
      /SHAPE_MISMATCH/,
    ));
  it('refuses heads that do not divide into groups', () =>
    expect(() => graphOf({ qkv: { shape: [1, 2, 14] } }, attend({ heads: 3, keyValueHeads: 2, headWidth: 2 }))).toThrow(
      /SHAPE_MISMATCH/,
    ));
});

const dense = ({ shape, data }: Packed) => ({ shape, data: Float64Array.from(data) });
/** [.., heads, W] tensors side by side, row by row. */
const pack = (parts: readonly Packed[]): Float64Array => {
  const rows = parts[0].shape[0] * parts[0].shape[1];
  return Float64Array.from(
    Array.from({ length: rows }).flatMap((_, row) =>
      parts.flatMap(({ data }) => data.slice((row * data.length) / rows, ((row + 1) * data.length) / rows)),
    ),
  );
};

describe.each(backends())('PyTorch, on $name', ({ backend }) => {
  const cases = golden('attention');
  it.each(['causal', 'groupedQuery', 'multiQuery', 'documents', 'oneToken'])('%s', async (name) => {
    const { inputs, outputs } = cases[name];
    const [batch, time, heads, headWidth] = inputs.q.shape;
    const the = { heads, keyValueHeads: inputs.k.shape[2], headWidth };
    const graph = trace((t) => {
      const qkv = input(t, 'qkv', {
        dtype: 'float32',
        shape: [batch, time, (heads + 2 * the.keyValueHeads) * headWidth],
      });
      const first =
        inputs.starts === undefined ? undefined : input(t, 'starts', { dtype: 'int32', shape: [batch, time] });
      const y = attention({ qkv, starts: first }, the);
      const dy = input(t, 'dy', { dtype: 'float32', shape: y.shape });
      const [dqkv] = gradient(sum(multiply(y, dy)), [qkv], input(t, 'seed', { dtype: 'float32', shape: [] }));
      return { outputs: { y, dqkv: dqkv ?? y } };
    });
    const found = await backend.run(backend.compile(graph), {
      qkv: pack([inputs.q, inputs.k, inputs.v]),
      dy: dense(inputs.dy).data,
      seed: [1],
      ...(inputs.starts === undefined ? {} : { starts: inputs.starts.data }),
    });
    expectClose(found.y, outputs.y.data, tolerance.float32, 'y');
    expectClose(found.dqkv, pack([outputs.dQ, outputs.dK, outputs.dV]), tolerance.float32, 'dqkv');
  });
  it('oneRowOfMany, over a cache that holds the rows before', async () => {
    const { q, k, v } = cases.oneRowOfMany.inputs;
    const [sequences, , heads, headWidth] = q.shape;
    const [, before, groupsOfKeys] = k.shape;
    const width = groupsOfKeys * headWidth;
    const graph = cacheGraph(sequences, 1, sequences, before, { heads, keyValueHeads: groupsOfKeys, headWidth });
    const last = ({ shape, data }: Packed): Packed => ({
      shape: [sequences, 1, ...shape.slice(2)],
      data: data.filter((_, i) => Math.floor(i / width) % before === before - 1),
    });
    const cache = (name: string, { data }: Packed) =>
      backend.allocate(
        { dtype: 'float32', shape: [sequences, before, width] },
        data.map((value, i) => (Math.floor(i / width) % before === before - 1 ? -9 : value + 0 * name.length)),
      );
    const [keys, values] = [cache('keys', k), cache('values', v)];
    const found = await backend.run(backend.compile(graph), {
      qkv: pack([q, last(k), last(v)]),
      keys,
      values,
      slots: [0, 1],
      starts: [before - 1, before - 1],
    });
    expectClose(found.y, cases.oneRowOfMany.outputs.y.data, tolerance.float32, 'y');
    expectClose(backend.read(keys), k.data, tolerance.float32, 'keys');
    expectClose(backend.read(values), v.data, tolerance.float32, 'values');
  });
});

function cacheGraph(sequences: number, time: number, rows: number, positions: number, the: Shape) {
  const width = the.keyValueHeads * the.headWidth;
  return trace((t) => {
    const f32 = (name: string, shape: readonly number[]) => input(t, name, { dtype: 'float32', shape });
    const [keys, values] = [f32('keys', [rows, positions, width]), f32('values', [rows, positions, width])];
    const made = cachedAttention(
      {
        qkv: f32('qkv', [sequences, time, the.heads * the.headWidth + 2 * width]),
        keys,
        values,
        slots: input(t, 'slots', { dtype: 'int32', shape: [sequences] }),
        starts: input(t, 'starts', { dtype: 'int32', shape: [sequences] }),
      },
      the,
    );
    return {
      outputs: { y: made.y },
      updates: [
        [keys, made.newKeys],
        [values, made.newValues],
      ],
    };
  });
}

describe('cachedAttention', () => {
  const the = { heads: 4, keyValueHeads: 2, headWidth: 5 };
  const width = 10;
  const calls: readonly (readonly [string, number, number, readonly number[], readonly number[]])[] = [
    ['several tokens at once', 2, 3, [2, 0], [0, 2]],
    ['a start in the middle', 1, 1, [1], [5]],
    ['positions beyond the cache', 2, 4, [0, 1], [5, 7]],
    ['rows outside the cache', 3, 2, [-1, 3, 1], [0, 0, 0]],
    ['negative positions', 1, 2, [0], [-1]],
    ['no sequence', 0, 1, [], []],
  ];
  it.each(calls)(
    'is its definition with %s, on all instruction sets and thread counts',
    async (_, sequences, time, slots, first) => {
      const graph = cacheGraph(sequences, time, 3, 8, the);
      const values = draw(
        { qkv: { shape: [sequences, time, 40] }, keys: { shape: [3, 8, width] }, values: { shape: [3, 8, width] } },
        8,
      );
      const run = async (backend: ReturnType<typeof native>) => {
        const type = { dtype: 'float32', shape: [3, 8, width] } as const;
        const [keys, held] = [backend.allocate(type, values.keys), backend.allocate(type, values.values)];
        const { y } = await backend.run(backend.compile(graph), {
          qkv: values.qkv,
          keys,
          values: held,
          slots,
          starts: first,
        });
        return { y, keys: backend.read(keys), values: backend.read(held) };
      };
      const expected = Object.entries(await run(referenceBackend()));
      for (const isa of isas()) {
        const one = new Map<string, ArrayLike<number>>(Object.entries(await run(native(isa, 1))));
        for (const [name, data] of expected)
          expectClose(one.get(name) ?? [], data, tolerance.float32, `${isa} ${name}`);
        for (const threads of [2, 3, 7])
          for (const [name, data] of Object.entries(await run(native(isa, threads))))
            expectSameBits(data, one.get(name) ?? [], `${isa} ${name} on ${threads}`);
      }
    },
  );
  it('gives, token by token, what attention gives at once', async () => {
    const [time, channels] = [6, 40];
    const qkv = draw({ qkv: { shape: [1, time, channels] } }, 9).qkv;
    const graph = cacheGraph(1, 1, 1, time, the);
    for (const { name, backend } of backends()) {
      const whole = (await evaluate(backend, graphOf({ qkv: { shape: [1, time, channels] } }, attend(the)), { qkv })).y;
      const [keys, values] = [0, 1].map(() => backend.allocate({ dtype: 'float32', shape: [1, time, width] }));
      const executable = backend.compile(graph);
      for (let t = 0; t < time; t++) {
        const { y } = await backend.run(executable, {
          qkv: qkv.slice(t * channels, (t + 1) * channels),
          keys,
          values,
          slots: [0],
          starts: [t],
        });
        expectClose(y, whole.slice(t * 20, (t + 1) * 20), tolerance.float32, `${name} token ${t}`);
      }
    }
  });
});
