/**
 * The edge between JavaScript and C++: memory, buffers, programs. Whatever comes in wrong is an error here, never a crash.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradient } from '../../gradient/gradient.js';
import { add } from '../../ops/add.js';
import { attention } from '../../ops/attention.js';
import { constant } from '../../ops/constant.js';
import { crossEntropy } from '../../ops/cross-entropy.js';
import { embedding } from '../../ops/embedding.js';
import { exp } from '../../ops/exp.js';
import { gelu } from '../../ops/gelu.js';
import { linear } from '../../ops/linear.js';
import { reshape } from '../../ops/reshape.js';
import { rmsNorm } from '../../ops/rms-norm.js';
import { optimise } from '../../passes/index.js';
import { plan } from '../../plan/plan.js';
import { backends, isas, native } from '../../testing/backends.js';
import { runs } from '../../testing/check.js';
import { input, type Trace, trace } from '../../trace/trace.js';
import { referenceBackend } from '../reference/reference.js';
import { loadAddon } from './addon.js';
import { encode } from './lower.js';
import { nativeBackend } from './native.js';

const addon = loadAddon();
const f32 = (t: Trace, name: string, shape: readonly number[]) => input(t, name, { dtype: 'float32', shape });
const doubling = trace((t) => {
  const x = f32(t, 'x', [3]);
  return { outputs: { y: add(x, x) } };
});
const updating = trace((t) => {
  const w = f32(t, 'w', [3]);
  return { outputs: {}, updates: [[w, exp(w)]] };
});
const backend = native(isas()[0]);
const options = {
  arenaBytes: 1 << 20,
  slots: 8,
  outputs: new Float64Array(),
  threads: 2,
  isa: isas()[0],
  form: 0,
  immediate: 0,
};
/** For what the types forbid. */
const anything = (value: unknown): never => value as never;

const immediate = {
  name: 'the thread that asks',
  backend: nativeBackend({ threads: 2, isa: isas()[0], form: 'widened' }),
};

describe.each([...backends(), immediate])('run on $name', ({ backend: one, name }) => {
  it('refuses a missing input', () =>
    expect(one.run(one.compile(doubling), {})).rejects.toThrow(/input x is not bound \[INPUT_MISSING\]/));
  it('refuses numbers of another length', () =>
    expect(one.run(one.compile(doubling), { x: [1, 2] })).rejects.toThrow(/SHAPE_MISMATCH/));
  it('refuses a buffer of another backend', () =>
    expect(
      one.run(one.compile(doubling), {
        x: (name === 'reference' ? backend : referenceBackend()).allocate({ dtype: 'float32', shape: [3] }),
      }),
    ).rejects.toThrow(/BUFFER_FOREIGN/));
  it('refuses a buffer of another size', () =>
    expect(one.run(one.compile(doubling), { x: one.allocate({ dtype: 'float32', shape: [2] }) })).rejects.toThrow(
      /SHAPE_MISMATCH/,
    ));
  it('refuses numbers for an input that is updated', () =>
    expect(one.run(one.compile(updating), { w: [1, 2, 3] })).rejects.toThrow(
      /w is updated, so it must be bound to a buffer \[INPUT_MISSING\]/,
    ));
  it('refuses writes of another length', () =>
    expect(() => one.write(one.allocate({ dtype: 'float32', shape: [3] }), [1])).toThrow(/SHAPE_MISMATCH/));
  it('goes on after a refusal', async () => {
    await expect(one.run(one.compile(doubling), {})).rejects.toThrow();
    expect([...(await one.run(one.compile(doubling), { x: [1, 2, 3] })).y]).toEqual([2, 4, 6]);
  });
  it('runs what is submitted together one after the other', async () => {
    const executable = one.compile(updating);
    const w = one.allocate({ dtype: 'float32', shape: [3] }, [0, 0, 0]);
    await Promise.all([one.run(executable, { w }), one.run(executable, { w })]);
    expect(one.read(w)[0]).toBeCloseTo(Math.E, 5);
  });
  it('gives each of many runs in flight its own inputs and results', async () => {
    const executable = one.compile(doubling);
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, i) => one.run(executable, { x: [i, i + 0.5, -i] })),
    );
    expect(results.map(({ y }) => [...y])).toEqual(results.map((_, i) => [2 * i, 2 * i + 1, -2 * i]));
  });
});

describe('the native backend', () => {
  it('lets timers have their turn among many runs of a small graph', async () => {
    const executable = immediate.backend.compile(doubling);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const until = performance.now() + 50;
    while (performance.now() < until) await immediate.backend.run(executable, { x: [1, 2, 3] });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });
  it('runs a small graph after the large one that was submitted before it', async () => {
    const one = immediate.backend;
    const large = trace((t) => {
      const [a, w] = [f32(t, 'a', [256, 256]), f32(t, 'w', [3])];
      const doubled = add(w, w);
      return { outputs: { y: linear(a, a) }, updates: [[w, doubled]] };
    });
    const w = one.allocate({ dtype: 'float32', shape: [3] }, [1, 2, 3]);
    const [, after] = await Promise.all([
      one.run(one.compile(large), { a: new Float32Array(65536), w }),
      one.run(one.compile(doubling), { x: w }),
    ]);
    expect([...after.y]).toEqual([4, 8, 12]);
  });
  it('refuses an executable of another backend', () =>
    expect(backend.run(referenceBackend().compile(doubling), { x: [1, 2, 3] })).rejects.toThrow(/BUFFER_FOREIGN/));
  it('refuses float64', () =>
    expect(() =>
      backend.compile(trace((t) => ({ outputs: { y: exp(input(t, 'x', { dtype: 'float64', shape: [2] })) } }))),
    ).toThrow(/DTYPE_MISMATCH/));
  it('says what memory a program takes', () => {
    const { memory } = backend.compile(
      trace((t) => ({ outputs: { y: linear(f32(t, 'x', [8, 16]), f32(t, 'w', [32, 16])) } })),
    );
    expect(memory).toMatchObject({ arenaBytes: 8 * 32 * 4, inputBytes: (8 * 16 + 32 * 16) * 4 });
  });
  it('refuses an instruction set that is not there', () =>
    expect(() => native('sse9').compile(doubling)).toThrow(/sse9 is not available/));
});

describe('the addon', () => {
  const compileWith = (outputs: readonly number[]) =>
    addon.compile(Float64Array.of(0), {
      ...options,
      arenaBytes: 64,
      slots: 1,
      outputs: Float64Array.from(outputs),
    }).program;
  const program = () => compileWith([]);
  const copying = () => compileWith([1, 0, 16]);
  it.each<readonly [string, () => unknown]>([
    ['allocate of nothing', () => addon.allocate(anything(undefined))],
    ['allocate of zero bytes', () => addon.allocate(0)],
    ['allocate of NaN bytes', () => addon.allocate(NaN)],
    ['allocate of more than there is', () => addon.allocate(9e12)],
    ['compile of a list', () => addon.compile(anything([0]), options)],
    ['compile of float32', () => addon.compile(anything(new Float32Array(4)), options)],
    ['compile without options', () => addon.compile(Float64Array.of(0), anything(undefined))],
    ['compile with no threads', () => addon.compile(Float64Array.of(0), { ...options, threads: 0 })],
    ['compile with a million threads', () => addon.compile(Float64Array.of(0), { ...options, threads: 1e6 })],
    ['compile with slots below zero', () => addon.compile(Float64Array.of(0), { ...options, slots: -1 })],
    ['compile with an arena below zero', () => addon.compile(Float64Array.of(0), { ...options, arenaBytes: -1 })],
    ['compile with an arena of NaN', () => addon.compile(Float64Array.of(0), { ...options, arenaBytes: NaN })],
    [
      'compile of an immediate program of two threads',
      () => addon.compile(Float64Array.of(0), { ...options, immediate: 1 }),
    ],
    ['compile with form 3', () => addon.compile(Float64Array.of(0), { ...options, form: 3 })],
    ['compile for a number', () => addon.compile(Float64Array.of(0), { ...options, isa: anything(7) })],
    ['compile of nothing', () => addon.compile(new Float64Array(), options)],
    ['compile of a kernel that does not exist', () => addon.compile(Float64Array.of(1, 999, 0, 0), options)],
    ['compile of an operand beyond the slots', () => addon.compile(Float64Array.of(1, 0, 1, 1, 8, 0, 4, 0), options)],
    [
      'compile of an operand beyond the arena',
      () => addon.compile(Float64Array.of(1, 0, 1, 2, 1 << 20, 0, 4, 0), options),
    ],
    [
      'compile of an operand of 2⁶² elements',
      () => addon.compile(Float64Array.of(1, 0, 1, 2, 0, 0, 2 ** 62, 0), options),
    ],
    ['compile of an operand without a type', () => addon.compile(Float64Array.of(1, 0, 1, 2, 0, 9, 4, 0), options)],
    ['compile of parameters that are cut off', () => addon.compile(Float64Array.of(1, 0, 0, 5, 1), options)],
    ['run of an object', () => addon.run({}, [], [])],
    ['run of nothing', () => addon.run(anything(undefined), anything(undefined), anything(undefined))],
    ['run without its slots', () => addon.run(program(), [], [])],
    ['run with a list for a slot', () => addon.run(program(), [anything([1])], [])],
    [
      'run with a detached buffer',
      () => {
        const code = encode(plan(optimise(doubling, 'float32')), addon.kernels, addon.elementwise);
        const buffer = new ArrayBuffer(64);
        structuredClone(buffer, { transfer: [buffer] });
        return addon.run(addon.compile(code, { ...options, slots: 1 }).program, [buffer], []);
      },
    ],
    ['run without its outputs', () => addon.run(copying(), [new ArrayBuffer(64)], [])],
    ['run with an output too small', () => addon.run(copying(), [new ArrayBuffer(64)], [new ArrayBuffer(8)])],
    ['run with no room for times', () => addon.run(program(), [new ArrayBuffer(64)], [], anything([]))],
    ['compile of an output beyond the arena', () => compileWith([1, 60, 8])],
    ['compile of an output beyond the slots', () => compileWith([0, 1, 8])],
    ['compile of an output of NaN bytes', () => compileWith([1, 0, NaN])],
    ['compile of half an output', () => compileWith([1, 0])],
    ['measure of nothing', () => addon.measure(anything(undefined), 1, 'avx2')],
    ['measure with no threads', () => addon.measure('read', 0, 'avx2')],
  ])('refuses %s', (_, call) => expect(call).toThrow());

  it('throws or compiles whatever program it is given', () => {
    // Compiled only: kernels trust the parameters that TypeScript made, so a mutated program is never run.
    const graph = trace((t) => {
      const tokens = input(t, 'tokens', { dtype: 'int32', shape: [2, 4] });
      const [table, gain, w] = [f32(t, 'table', [16, 8]), f32(t, 'gain', [8]), f32(t, 'w', [24, 8])];
      const x = embedding(table, tokens);
      const y = gelu(
        attention({ qkv: linear(rmsNorm(x, gain, 1e-5), w) }, { heads: 2, keyValueHeads: 2, headWidth: 4 }),
      );
      const { loss } = crossEntropy({
        x: reshape(y, [8, 8]),
        weight: table,
        targets: input(t, 'targets', { dtype: 'int32', shape: [8] }),
        weights: f32(t, 'weights', [8]),
      });
      const [dtable, dw] = gradient(loss, [table, w], constant(t, { value: 1, shape: [], dtype: 'float32' }));
      return { outputs: { loss, dtable: dtable ?? table, dw: dw ?? w } };
    });
    const planned = plan(optimise(graph, 'float32'));
    const code = encode(planned, addon.kernels, addon.elementwise);
    const hostile = fc.oneof(
      fc.constantFrom(
        0,
        1,
        -1,
        2,
        0.5,
        NaN,
        Infinity,
        -Infinity,
        2 ** 31,
        -(2 ** 31),
        2 ** 32,
        2 ** 53,
        2 ** 62,
        2 ** 63,
        -(2 ** 63),
        1e300,
        -1e300,
        5e-324,
      ),
      fc.integer({ min: -3, max: 300 }),
      fc.double(),
    );
    const mutation = fc.record({ at: fc.nat(code.length - 1), value: hostile });
    let compiled = 0;
    fc.assert(
      fc.property(
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(code.length), { freq: 4 }),
        fc.constantFrom(...isas()),
        (mutations, cut, isa) => {
          const mutated = Float64Array.from(cut === null ? code : code.subarray(0, cut));
          for (const { at, value } of mutations) if (at < mutated.length) mutated[at] = value;
          try {
            addon.compile(mutated, { ...options, isa, slots: planned.slots.length, arenaBytes: planned.arenaBytes });
            compiled++;
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        },
      ),
      { numRuns: runs(20_000), seed: 11 },
    );
    expect(compiled).toBeGreaterThan(0);
  });
});
