/** Naming, tapping and patching values of a traced graph. */
import { describe, expect, it } from 'vitest';
import { gradient } from '../gradient/gradient.js';
import { add } from '../ops/add.js';
import { constant } from '../ops/constant.js';
import { exp } from '../ops/exp.js';
import { linear } from '../ops/linear.js';
import { multiply } from '../ops/multiply.js';
import { select } from '../ops/select.js';
import { sum } from '../ops/sum.js';
import { optimise } from '../passes/index.js';
import { backends, mixedForms, native } from '../testing/backends.js';
import { expectClose, tolerance } from '../testing/close.js';
import { type Graph, print } from './graph.js';
import { extend, only, patch, tap } from './intervene.js';
import { valueNamed } from './named-values.js';
import { input, scoped, type Trace, trace } from './trace.js';

const f32 = (t: Trace, name: string, shape: readonly number[]) => input(t, name, { dtype: 'float32', shape });

/** Two layers on a residual stream [3, 2]: x + linear(x), then x + exp(linear(x)). */
const model = (): Graph =>
  trace((t) => {
    const [x, a, b] = [f32(t, 'x', [3, 2]), f32(t, 'a', [2, 2]), f32(t, 'b', [2, 2])];
    const first = scoped(t, 'layers', () => scoped(t, '0', () => add(x, linear(x, a))));
    const second = scoped(t, 'layers', () => scoped(t, '1', () => add(first, exp(linear(first, b)))));
    return { outputs: { y: multiply(second, 2) } };
  });

const values = { x: [1, 2, 3, 4, 5, 6], a: [0.5, 0, 0, -0.5], b: [0.1, 0.2, -0.1, 0.3] };
const first = [1.5, 1, 4.5, 2, 7.5, 3];

describe('names of values', () => {
  it.each([
    ['x', 0],
    ['layers.0', 5],
    ['layers', 9],
    ['layers.0/linear', 3],
    ['layers.0/linear.x', 0],
    ['layers.0/linear:0.weight', 1],
    ['layers.0/linear:-1.pre', 4],
    ['layers.1/exp', 8],
    ['/multiply', 11],
    ['/constant', 10],
  ])('%s is %%%i', (name, id) => expect(valueNamed(model(), name)).toBe(id));

  it.each([
    ['layers.2', /there is layers\.0, layers\.1, \/constant, \/multiply/],
    ['layers.0/exp', /there is layers\.0\/linear, layers\.0\/add/],
    ['layers.0/linear:1', /no value called layers\.0\/linear:1 \[VALUE_ABSENT\]/],
    ['layers.0/linear.bias', /VALUE_ABSENT/],
    ['layers.0/linear.nothing', /VALUE_ABSENT/],
    ['', /VALUE_ABSENT/],
    ['layers.0/?', /VALUE_ABSENT/],
  ])('%j is refused, with what there is', (name, says) => expect(() => valueNamed(model(), name)).toThrow(says));
});

describe('tap', () => {
  it('makes values outputs, and leaves the rest as it was', () => {
    expect(
      print(tap(model(), ['layers.0', 'x']))
        .split('\n')
        .slice(-3),
    ).toEqual(['output y = %11', 'output layers.0 = %5', 'output x = %0']);
  });
  it.each(backends())(
    'gives the tapped numbers on $name, although passes would fuse them away',
    async ({ backend }) => {
      const found = await backend.run(backend.compile(tap(model(), ['layers.0'])), values);
      expectClose(found['layers.0'], first, tolerance.float32);
      const untouched = await backend.run(backend.compile(model()), values);
      expectClose(found['y'], untouched['y'] ?? [], tolerance.float32);
    },
  );
  it.each(mixedForms())('in 16 bits too: $isa $form', async ({ isa, form, precision }) => {
    const backend = native(isa, 2, form);
    const found = await backend.run(backend.compile(tap(model(), ['layers.0']), { precision }), values);
    expectClose(found['layers.0'], first, tolerance[precision]);
  });
  it('and only what is asked for is computed', () => {
    const graph = optimise(only(tap(model(), ['layers.0']), ['layers.0']), 'float32');
    expect(graph.nodes.map(({ kind }) => kind)).toEqual(['linear']);
  });
});

describe('patch', () => {
  it('gives readers another value, and keeps the old one under its name', () => {
    const graph = patch(model(), 'layers.0', (value, t) => add(value, f32(t, 'direction', [2])));
    expect(print(graph)).toMatchInlineSnapshot(`
      "%0 = input x float32[3, 2]
      %1 = input a float32[2, 2]
      %2 = input b float32[2, 2]
      %12 = input direction float32[2]
      %3, %4 = linear(%0, %1, ·, ·) {activation: none} float32[3, 2] float32[3, 2]  # layers.0
      %5 = add(%0, %3) float32[3, 2]  # layers.0
      %13 = add(%5, %12) float32[3, 2]  # layers.0.patch
      %6, %7 = linear(%13, %2, ·, ·) {activation: none} float32[3, 2] float32[3, 2]  # layers.1
      %8 = exp(%6) float32[3, 2]  # layers.1
      %9 = add(%13, %8) float32[3, 2]  # layers.1
      %10 = constant() {value: 2, shape: [], dtype: float32} float32[]
      %11 = multiply(%9, %10) float32[3, 2]
      output y = %11"
    `);
    expect([valueNamed(graph, 'layers.0/add'), valueNamed(graph, 'layers.0')]).toEqual([5, 13]);
  });

  it.each(backends())('one row of three, on $name', async ({ backend }) => {
    const rows = (t: Trace) => f32(t, 'rows', [3, 1]);
    const graph = patch(model(), 'layers.0', (value, t) => select(rows(t), f32(t, 'donor', [3, 2]), value));
    const compiled = backend.compile(tap(graph, ['layers.0']));
    const donor = [10, 20, 30, 40, 50, 60];
    const found = await backend.run(compiled, { ...values, rows: [0, 1, 0], donor });
    expectClose(found['layers.0'], [1.5, 1, 30, 40, 7.5, 3], tolerance.float32);
    const untouched = await backend.run(backend.compile(model()), values);
    const y = [...(untouched['y'] ?? [])];
    expectClose([...(found['y'] ?? [])].slice(0, 2), y.slice(0, 2), tolerance.float32);
    expect(Math.abs((found['y'] ?? [])[2] - y[2])).toBeGreaterThan(1);
  });

  it('of an input and of an output', () => {
    const zero = (name: string) => patch(model(), name, (value) => multiply(value, 0));
    expect(print(zero('x'))).toContain('linear(%13, %1');
    expect(print(zero('/multiply'))).toContain('output y = %13');
  });

  it('inside a training step: gradient and update stay as they were traced', async () => {
    const step = trace((t) => {
      const [x, w] = [f32(t, 'x', [3, 2]), f32(t, 'w', [2, 2])];
      const y = scoped(t, 'layer', () => linear(x, w));
      const [slope = w] = gradient(sum(y), [w], constant(t, { value: 1, shape: [], dtype: 'float32' }));
      return { outputs: { loss: sum(y) }, updates: [[w, add(w, slope)]] };
    });
    const doubled = patch(step, 'layer', (value) => multiply(value, 2));
    expect(doubled.updates).toEqual(step.updates);
    for (const { backend } of backends()) {
      const w = backend.allocate({ dtype: 'float32', shape: [2, 2] }, [1, 0, 0, 1]);
      const { loss = [] } = await backend.run(backend.compile(doubled), { x: values.x, w });
      expect(loss[0]).toBe(42);
      expectClose(backend.read(w), [10, 12, 9, 13], tolerance.float32);
    }
  });

  it('refuses another type, and a value of another trace', () => {
    expect(() => patch(model(), 'layers.0', (value) => sum(value))).toThrow(
      /a patch keeps the type; received float32\[\] for float32\[3, 2\]/,
    );
    expect(() => patch(model(), 'layers.3', (value) => value)).toThrow(/VALUE_ABSENT/);
    let other = constant(
      { types: [], inputs: [], nodes: [], scope: [] },
      { value: 0, shape: [3, 2], dtype: 'float32' },
    );
    expect(() => patch(model(), 'layers.0', () => other)).toThrow(/a tensor of its own trace/);
    patch(model(), 'layers.0', (value) => {
      other = value;
      return value;
    });
    expect(() => patch(model(), 'layers.0', () => other)).toThrow(/a tensor of its own trace/);
  });
});

it('extend goes on where a trace ended: gradients with respect to what is inside', async () => {
  const graph = extend(model(), (t, at) => {
    const [inner] = gradient(
      sum(at('/multiply')),
      [at('layers.0')],
      constant(t, { value: 1, shape: [], dtype: 'float32' }),
    );
    return inner === undefined ? {} : { inner };
  });
  const [{ backend }] = backends();
  const { inner = [] } = await backend.run(backend.compile(graph), values);
  // d/dh Σ 2 (h + exp(h Bᵀ)) = 2 + 2 Bᵀ exp(h Bᵀ)
  const expected = Array.from({ length: 6 }, (_, i) => {
    const h = first.slice(2 * Math.floor(i / 2), 2 * Math.floor(i / 2) + 2);
    const exps = [0, 1].map((j) => Math.exp(h[0] * values.b[2 * j] + h[1] * values.b[2 * j + 1]));
    return 2 + 2 * (exps[0] * values.b[i % 2] + exps[1] * values.b[2 + (i % 2)]);
  });
  expectClose(inner, expected, tolerance.float64);
});
