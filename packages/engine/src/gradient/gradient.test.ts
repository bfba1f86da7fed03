/** Reverse-mode differentiation over a trace. */
import { describe, expect, it } from 'vitest';
import { add } from '../ops/add.js';
import { cachedAttention } from '../ops/cached-attention.js';
import { constant } from '../ops/constant.js';
import { exp } from '../ops/exp.js';
import { multiply } from '../ops/multiply.js';
import { sum } from '../ops/sum.js';
import { tanh } from '../ops/tanh.js';
import { backends } from '../testing/backends.js';
import { checkGradient, evaluate } from '../testing/check.js';
import { expectClose, tolerance } from '../testing/close.js';
import { print } from '../trace/graph.js';
import { input, scoped, type Tensor, type Trace, trace } from '../trace/trace.js';
import { gradient } from './gradient.js';

const f32 = (t: Trace, name: string, shape: readonly number[]) => input(t, name, { dtype: 'float32', shape });
const one = (t: Trace): Tensor => constant(t, { value: 1, shape: [], dtype: 'float32' });

describe('gradient', () => {
  it('sums over every path to a value', () =>
    checkGradient({ x: { shape: [3] } }, ({ x }) => {
      const e = exp(x);
      return { y: multiply(add(e, tanh(e)), x) };
    }));
  it('is undefined for what the loss does not depend on', () => {
    trace((t) => {
      const [x, other] = [f32(t, 'x', [2]), f32(t, 'other', [2])];
      const [dx, dother] = gradient(sum(exp(x)), [x, other], one(t));
      expect(dx?.shape).toEqual([2]);
      expect(dother).toBeUndefined();
      return { outputs: {} };
    });
  });
  it('of the loss by itself is the seed', () => {
    trace((t) => {
      const loss = sum(f32(t, 'x', [2]));
      const seed = one(t);
      expect(gradient(loss, [loss], seed)).toEqual([seed]);
      return { outputs: {} };
    });
  });
  it('scales with the seed, as loss scaling needs', async () => {
    const graph = trace((t) => {
      const x = f32(t, 'x', [2]);
      const [dx] = gradient(sum(multiply(x, x)), [x], f32(t, 'scale', []));
      return { outputs: { dx: dx ?? x } };
    });
    for (const { backend } of backends())
      expectClose(
        (await evaluate(backend, graph, { x: Float64Array.of(1, 2), scale: Float64Array.of(1024) })).dx,
        [2048, 4096],
        tolerance.float32,
      );
  });
  it('differentiates by intermediate values, and twice', () => {
    trace((t) => {
      const x = f32(t, 'x', [2]);
      const e = exp(x);
      const [de] = gradient(sum(multiply(e, e)), [e], one(t));
      const [second] = gradient(sum(de ?? x), [x], one(t));
      expect(second?.shape).toEqual([2]);
      return { outputs: {} };
    });
  });
  it('writes down where each node came from', () => {
    const graph = trace((t) => {
      const x = f32(t, 'x', [2]);
      const loss = scoped(t, 'head', () => sum(exp(x)));
      const [dx] = gradient(loss, [x], one(t));
      return { outputs: { dx: dx ?? x } };
    });
    expect(print(graph)).toMatchInlineSnapshot(`
      "%0 = input x float32[2]
      %1 = exp(%0) float32[2]  # head
      %2 = sum(%1) {from: 0, to: 1, keep: false} float32[]  # head
      %3 = constant() {value: 1, shape: [], dtype: float32} float32[]
      %4 = constant() {value: 1, shape: [2], dtype: float32} float32[2]  # gradient.head
      %5 = reshape(%3) {shape: [1]} float32[1]  # gradient.head
      %6 = multiply(%4, %5) float32[2]  # gradient.head
      %7 = multiply(%6, %1) float32[2]  # gradient.head
      output dx = %7"
    `);
  });
  it('refuses an op without a rule, by name and place', () => {
    expect(() =>
      trace((t) => {
        const [qkv, keys, values] = [f32(t, 'qkv', [1, 1, 6]), f32(t, 'keys', [1, 4, 2]), f32(t, 'values', [1, 4, 2])];
        const ids = (name: string) => input(t, name, { dtype: 'int32', shape: [1] });
        const { y } = scoped(t, 'blocks.0', () =>
          cachedAttention(
            { qkv, keys, values, slots: ids('slots'), starts: ids('starts') },
            { heads: 1, keyValueHeads: 1, headWidth: 2 },
          ),
        );
        gradient(sum(y), [qkv], one(t));
        return { outputs: {} };
      }),
    ).toThrow(/blocks\.0: cachedAttention has no gradient rule \[NO_GRADIENT\]/);
  });
  it('refuses a seed of another shape than the loss', () => {
    expect(() =>
      trace((t) => {
        const x = f32(t, 'x', [2]);
        gradient(exp(x), [x], one(t));
        return { outputs: {} };
      }),
    ).toThrow(/SHAPE_MISMATCH/);
  });
});
