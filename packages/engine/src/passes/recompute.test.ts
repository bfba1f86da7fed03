/** A step under a limit on memory: it keeps the bits of the free one, obeys the limit, and says by how much it cannot. */
import { describe, expect, it } from 'vitest';
import type { Executable } from '../backends/backend.js';
import { OctavoError } from '../error.js';
import { gradient } from '../gradient/gradient.js';
import { adamw } from '../ops/adamw.js';
import { add } from '../ops/add.js';
import { attention } from '../ops/attention.js';
import { constant } from '../ops/constant.js';
import { crossEntropy } from '../ops/cross-entropy.js';
import { dropout } from '../ops/dropout.js';
import { embedding } from '../ops/embedding.js';
import { gelu } from '../ops/gelu.js';
import { linear } from '../ops/linear.js';
import { multiply } from '../ops/multiply.js';
import { reshape } from '../ops/reshape.js';
import { rmsNorm } from '../ops/rms-norm.js';
import { sum } from '../ops/sum.js';
import { plan } from '../plan/plan.js';
import { isas, native } from '../testing/backends.js';
import { expectSameBits } from '../testing/close.js';
import { draw } from '../testing/draw.js';
import { type Graph, print } from '../trace/graph.js';
import { input, scoped, type Tensor, trace } from '../trace/trace.js';
import { optimise, type Precision } from './index.js';
import { recompute } from './recompute.js';

// B sequences, T tokens, V vocabulary, D width
const [B, T, V, D, depth] = [4, 33, 50, 32, 3];

/** A training step of a small GPT: loss, gradients and AdamW of every parameter. */
const step = (): Graph =>
  trace((t) => {
    const f32 = (name: string, of: readonly number[]): Tensor => input(t, name, { dtype: 'float32', shape: of });
    const i32 = (name: string, of: readonly number[]): Tensor => input(t, name, { dtype: 'int32', shape: of });
    const parameters: Tensor[] = [];
    const parameter = (name: string, of: readonly number[]): Tensor => {
      parameters.push(f32(`p.${name}`, of));
      return parameters[parameters.length - 1];
    };
    const table = parameter('table', [V, D]);
    const now = i32('step', []);
    let x = embedding(table, i32('tokens', [B, T]));
    for (let i = 0; i < depth; i++)
      x = scoped(t, `blocks.${i}`, () => {
        const qkv = linear(rmsNorm(x, parameter(`${i}.gain`, [D]), 1e-6), parameter(`${i}.qkv`, [3 * D, D]));
        const mixed = attention({ qkv }, { heads: 2, keyValueHeads: 2, headWidth: D / 2 });
        const y = add(x, linear(mixed, parameter(`${i}.out`, [D, D])));
        const wide = gelu(linear(rmsNorm(y, parameter(`${i}.second`, [D]), 1e-6), parameter(`${i}.up`, [4 * D, D])));
        const down = linear(wide, parameter(`${i}.down`, [D, 4 * D]));
        return add(y, dropout(down, now, { rate: 0.1, seed: 1, stream: i }));
      });
    const last = rmsNorm(x, parameter('gain', [D]), 1e-6);
    const head = { x: reshape(last, [B * T, D]), weight: table, targets: i32('targets', [B * T]) };
    const { loss } = crossEntropy({ ...head, weights: f32('weights', [B * T]) });
    const one = constant(t, { value: 1, shape: [], dtype: 'float32' });
    const rates = f32('rates', [3]);
    const updates = gradient(loss, parameters, one).flatMap((value, i): [Tensor, Tensor][] => {
      const [own, name] = [parameters[i], t.inputs.find((entry) => entry.value === parameters[i].id)?.name];
      if (value === undefined) return [];
      const [first, second] = [f32(`first.${name}`, own.shape), f32(`second.${name}`, own.shape)];
      const made = adamw(
        { parameter: own, gradient: value, first, second, factor: one, applied: one, rates },
        { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 },
      );
      return [
        [own, made.newParameter],
        [first, made.newFirst],
        [second, made.newSecond],
      ];
    });
    return { outputs: { loss }, updates };
  });

const graph = step();
const backend = native(isas().at(-1) ?? '', 1);

/** Loss and everything that the step updates, after two runs. */
async function run(executable: Executable) {
  const floats = graph.inputs.filter(({ value }) => graph.types[value].dtype === 'float32');
  const values = draw(Object.fromEntries(floats.map(({ name, value }) => [name, graph.types[value]])), 7);
  const ids = (count: number) => Int32Array.from({ length: count }, (_, i) => (i * 7 + 3) % V);
  const buffers = Object.fromEntries(
    floats.map(({ name, value }) => [
      name,
      backend.allocate(graph.types[value], name.startsWith('second') ? values[name].map(Math.abs) : values[name]),
    ]),
  );
  const losses: number[] = [];
  for (let i = 0; i < 2; i++) {
    const given = { tokens: ids(B * T), targets: ids(B * T), step: [i], weights: new Float32Array(B * T).fill(0.01) };
    const { loss } = await backend.run(executable, { ...buffers, ...given, rates: [0.01, 0.1, 0.1] });
    losses.push(loss[0]);
  }
  return [Float32Array.from(losses), ...Object.values(buffers).map((buffer) => backend.read(buffer))];
}

const totalOf = ({ memory }: Executable): number => memory.arenaBytes + memory.scratchBytes + memory.inputBytes;

describe.each<Precision>(['float32', 'bfloat16'])('a step in %s', (precision) => {
  const free = backend.compile(graph, { precision });
  const fixed = totalOf(free) - free.memory.arenaBytes;

  it('keeps its bits under every limit, and obeys it', async () => {
    const expected = await run(free);
    let flops = 0;
    for (const share of [1, 0.9, 0.6]) {
      const memoryLimitBytes = Math.floor(fixed + share * free.memory.arenaBytes);
      const limited = backend.compile(graph, { precision, memoryLimitBytes });
      expect(totalOf(limited)).toBeLessThanOrEqual(memoryLimitBytes);
      expect(limited.memory.arenaBytes).toBe(limited.plan?.arenaBytes);
      expect(limited.recomputation === undefined).toBe(share === 1);
      expect(limited.recomputation?.flops ?? 0).toBeGreaterThanOrEqual(flops);
      flops = limited.recomputation?.flops ?? 0;
      (await run(limited)).forEach((values, i) => {
        expectSameBits(values, expected[i], `${share}: value ${i}`);
      });
    }
  });

  it('takes cheap nodes before whole blocks', () => {
    const limited = backend.compile(graph, { precision, memoryLimitBytes: totalOf(free) - 64 });
    expect(limited.recomputation?.scopes).toEqual([]);
    const hard = backend.compile(graph, { precision, memoryLimitBytes: fixed + 0.6 * free.memory.arenaBytes });
    expect(hard.recomputation?.scopes).toContain('blocks.0');
    expect(hard.recomputation?.arenaBytesBefore).toBe(free.memory.arenaBytes);
  });

  it('says by how much it cannot, and can with that much more', () => {
    const limit = fixed + 1000;
    let excess = 0;
    try {
      backend.compile(graph, { precision, memoryLimitBytes: limit });
    } catch (error) {
      expect(error).toBeInstanceOf(OctavoError);
      expect(error).toMatchObject({ code: 'MEMORY_LIMIT' });
      excess = Number(/(\d+) more than the limit/.exec(String(error))?.[1]);
    }
    expect(excess).toBeGreaterThan(0);
    expect(totalOf(backend.compile(graph, { precision, memoryLimitBytes: limit + excess }))).toBeLessThanOrEqual(
      limit + excess,
    );
  });
});

it('copies a node before its first reader in the backward pass', () => {
  const small = trace((t) => {
    const f32 = (name: string, shape: readonly number[]) => input(t, name, { dtype: 'float32', shape });
    const [x, gain, weight] = [f32('x', [4, 8]), f32('gain', [8]), f32('weight', [2, 8])];
    const z = scoped(t, 'a', () => linear(rmsNorm(x, gain, 1e-5), weight));
    const one = constant(t, { value: 1, shape: [], dtype: 'float32' });
    const [dweight] = gradient(
      scoped(t, 'head', () => sum(multiply(z, z))),
      [weight],
      one,
    );
    return { outputs: dweight === undefined ? {} : { dweight } };
  });
  const found = recompute(optimise(small, 'float32'), 0, plan);
  expect(found.fits).toBe(false);
  expect(print(found.plan.graph)).toMatchInlineSnapshot(`
    "%0 = input x float32[4, 8]
    %1 = input gain float32[8]
    %2 = input weight float32[2, 8]
    %18 = fused() {program: constant 1, shape: [], dtype: float32} float32[]  # recompute.
    %11 = reshape(%18) {shape: [1 1]} float32[1, 1]  # gradient.head
    %19, %20 = rmsNorm(%0, %1) {epsilon: 0.00001} float32[4, 8] float32[4]  # recompute.a
    %21, %22 = linear(%19, %2, ·, ·) {activation: none} float32[4, 2] float32[4, 2]  # recompute.a
    %15 = fused(%11, %21) {program: constant 1; multiply 2 0; multiply 3 1; add 4 4, shape: [4 2], dtype: float32} float32[4, 2]
    %17 = matmul(%15, %19, ·, ·) {transposeA: true, transposeB: false, full: true} float32[2, 8]  # gradient.a
    output dweight = %17"
  `);
});
