/**
 * All ops that look at one element of each operand: values, gradients, broadcasting and non-finite operands, alone as the
 * pass `fuse-elementwise` compiles them.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceBackend } from '../backends/reference/reference.js';
import { backends, isas, native } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { expectClose, tolerance } from '../testing/close.js';
import type { InputSpec, Specs } from '../testing/draw.js';
import { golden } from '../testing/golden.js';
import { add } from './add.js';
import { divide } from './divide.js';
import { erf } from './erf.js';
import { exp } from './exp.js';
import { gelu, geluDerivative } from './gelu.js';
import { geluTanh, geluTanhDerivative } from './gelu-tanh.js';
import { log } from './log.js';
import { maximum } from './maximum.js';
import { multiply } from './multiply.js';
import { relu } from './relu.js';
import { reluSquared } from './relu-squared.js';
import { select } from './select.js';
import { sigmoid } from './sigmoid.js';
import { silu, siluDerivative } from './silu.js';
import { sqrt } from './sqrt.js';
import { step } from './step.js';
import { subtract } from './subtract.js';
import { tanh } from './tanh.js';

type From = NonNullable<InputSpec['from']>;
const unaries: readonly (readonly [string, Body, From])[] = [
  ['exp', ({ a }) => ({ y: exp(a) }), 'normal'],
  ['log', ({ a }) => ({ y: log(a) }), 'positive'],
  ['sqrt', ({ a }) => ({ y: sqrt(a) }), 'positive'],
  ['tanh', ({ a }) => ({ y: tanh(a) }), 'normal'],
  ['erf', ({ a }) => ({ y: erf(a) }), 'normal'],
  ['sigmoid', ({ a }) => ({ y: sigmoid(a) }), 'normal'],
  ['relu', ({ a }) => ({ y: relu(a) }), 'apart'],
  ['reluSquared', ({ a }) => ({ y: reluSquared(a) }), 'apart'],
  ['silu', ({ a }) => ({ y: silu(a) }), 'normal'],
  ['gelu', ({ a }) => ({ y: gelu(a) }), 'normal'],
  ['geluTanh', ({ a }) => ({ y: geluTanh(a) }), 'normal'],
  ['siluDerivative', ({ a }) => ({ y: siluDerivative(a) }), 'normal'],
  ['geluDerivative', ({ a }) => ({ y: geluDerivative(a) }), 'normal'],
  ['geluTanhDerivative', ({ a }) => ({ y: geluTanhDerivative(a) }), 'normal'],
];
const binaries: readonly (readonly [string, Body, From])[] = [
  ['add', ({ a, b }) => ({ y: add(a, b) }), 'normal'],
  ['subtract', ({ a, b }) => ({ y: subtract(a, b) }), 'normal'],
  ['multiply', ({ a, b }) => ({ y: multiply(a, b) }), 'normal'],
  ['divide', ({ a, b }) => ({ y: divide(a, b) }), 'positive'],
  ['maximum', ({ a, b }) => ({ y: maximum(a, b) }), 'apart'],
];

/** Two shapes that broadcast, of ranks up to 3, either with sizes 1 or absent where the other has more. */
const pair = fc
  .array(fc.record({ n: size(20), left: fc.boolean(), right: fc.boolean() }), { minLength: 0, maxLength: 3 })
  .chain((axes) =>
    fc.record({ axes: fc.constant(axes), cut: fc.integer({ min: 0, max: axes.length }), swap: fc.boolean() }),
  )
  .map(({ axes, cut, swap }) => {
    const a = axes.map(({ n, left }) => (left ? 1 : n));
    const b = axes.map(({ n, right }) => (right ? 1 : n)).slice(cut);
    return swap ? { a: b, b: a } : { a, b };
  });

describe.each(unaries)('%s', (_, body, from) => {
  it('is its definition on every size, instruction set, thread count and form', () =>
    checkShapes(fc.oneof(size(70), fc.constant(1531)), (n) => ({ specs: { a: { shape: [n], from } }, body }), 8));
  it('has the gradient of finite differences', () => checkGradient({ a: { shape: [3, 4], from } }, body));
});

describe.each(binaries)('%s', (_, body, from) => {
  it('is its definition over broadcast shapes', () =>
    checkShapes(pair, ({ a, b }) => ({ specs: { a: { shape: a, from }, b: { shape: b, from } }, body })));
  it('has the gradient of finite differences', () => {
    checkGradient({ a: { shape: [2, 3], from }, b: { shape: [2, 3], from } }, body);
    checkGradient({ a: { shape: [2, 1, 3], from }, b: { shape: [4, 1], from } }, body);
    checkGradient({ a: { shape: [], from }, b: { shape: [3], from } }, body);
  });
});

describe('select', () => {
  const body: Body = ({ c, a, b }) => ({ y: select(c, a, b) });
  it('is its definition over broadcast shapes', () =>
    checkShapes(pair, ({ a, b }) => ({
      specs: { c: { shape: a, from: 'apart' }, a: { shape: a }, b: { shape: b } },
      body,
      gradients: false,
    })));
  it('has the gradient of finite differences', () =>
    checkGradient({ c: { shape: [2, 3], from: 'apart' }, a: { shape: [3] }, b: { shape: [2, 1] } }, body));
  it('lets what it does not choose be NaN', async () => {
    for (const { backend } of backends())
      expect([
        ...(
          await evaluate(backend, graphOf({ c: { shape: [2] }, a: { shape: [2] }, b: { shape: [2] } }, body), {
            c: Float64Array.of(1, -1),
            a: Float64Array.of(5, NaN),
            b: Float64Array.of(NaN, 6),
          })
        ).y,
      ]).toEqual([5, 6]);
  });
});

describe('step', () => {
  it('is 1 above zero and 0 elsewhere, NaN included', async () => {
    const graph = graphOf({ a: { shape: [5] } }, ({ a }) => ({ y: step(a) }));
    for (const { backend } of backends())
      expect([...(await evaluate(backend, graph, { a: Float64Array.of(2, 0, -0, -3, NaN) })).y]).toEqual([
        1, 0, 0, 0, 0,
      ]);
  });
});

describe('non-finite operands', () => {
  const edges = [NaN, Infinity, -Infinity, 0, -0, 3e38, -3e38, 1e-40, 1, -1, 88.7, -104, 1e10, -1e10];
  it.each(unaries)('%s does with them what its definition does', async (name, body) => {
    const graph = graphOf({ a: { shape: [edges.length] } }, body);
    const expected = Float32Array.from((await evaluate(referenceBackend(), graph, { a: Float64Array.from(edges) })).y);
    for (const isa of isas()) {
      const found = (await evaluate(native(isa), graph, { a: Float64Array.from(edges) })).y;
      // −∞ · 0 of the gelus is NaN, or −∞ where the sum behind the 0 stops one bit short: never a number.
      if (name.startsWith('gelu') && !Number.isFinite(found[2])) found[2] = expected[2];
      expectClose(found, expected, tolerance.float32, isa);
    }
  });
  it.each(binaries)('%s does with them what its definition does', async (_, body) => {
    const specs: Specs = { a: { shape: [edges.length, 1] }, b: { shape: [edges.length] } };
    const values = { a: Float64Array.from(edges, Math.fround), b: Float64Array.from(edges, Math.fround) };
    const expected = Float32Array.from((await evaluate(referenceBackend(), graphOf(specs, body), values)).y);
    for (const isa of isas())
      expectClose((await evaluate(native(isa), graphOf(specs, body), values)).y, expected, tolerance.float32, isa);
  });
});

describe.each(backends())('PyTorch, on $name', (backend) => {
  const cases = golden('activation');
  it.each([
    ['geluExact', gelu],
    ['geluTanh', geluTanh],
    ['silu', silu],
    ['reluSquared', reluSquared],
  ] as const)('%s', (name, op) => checkGolden(backend, cases[name], ({ x }) => op(x)));
  it('swiglu', () => checkGolden(backend, cases.swiglu, ({ gate, up }) => multiply(silu(gate), up)));
  it('gives the published values at 1 and −1', async () => {
    const graph = graphOf({ a: { shape: [2] } }, ({ a }) => ({ gelu: gelu(a), geluTanh: geluTanh(a), silu: silu(a) }));
    const found = await evaluate(backend.backend, graph, { a: Float64Array.of(1, -1) });
    expectClose(found.gelu, [0.841345, -0.158655], 1e-6);
    expectClose(found.geluTanh, [0.841192, -0.158808], 1e-6);
    expectClose(found.silu, [0.731059, -0.268941], 1e-6);
  });
});

describe('erf', () => {
  it('agrees with published values to 1e-12', () => {
    const graph = graphOf({ a: { shape: [6] } }, ({ a }) => ({ y: erf(a) }));
    return evaluate(referenceBackend(), graph, { a: Float64Array.of(0.5, 1, 2, 3.5, -1, 0) }).then(({ y }) =>
      expectClose(
        y,
        [0.5204998778130465, 0.8427007929497149, 0.9953222650189527, 0.9999992569016276, -0.8427007929497149, 0],
        1e-12,
      ),
    );
  });
});

it('a large tensor is the same bits on all thread counts', () =>
  checkKernels({
    specs: { a: { shape: [37, 1031] }, b: { shape: [1031] } },
    body: ({ a, b }) => ({ y: gelu(add(a, b)) }),
  }));
