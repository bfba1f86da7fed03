/** What each pass makes of a small graph, and what the verifier refuses. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpret } from '../backends/reference/reference.js';
import { gradient } from '../gradient/gradient.js';
import { adamw } from '../ops/adamw.js';
import { add } from '../ops/add.js';
import { attention } from '../ops/attention.js';
import { constant } from '../ops/constant.js';
import { crossEntropy } from '../ops/cross-entropy.js';
import { exp } from '../ops/exp.js';
import { gelu } from '../ops/gelu.js';
import { linear } from '../ops/linear.js';
import { maximum } from '../ops/maximum.js';
import { multiply } from '../ops/multiply.js';
import { rmsNorm } from '../ops/rms-norm.js';
import { sigmoid } from '../ops/sigmoid.js';
import { subtract } from '../ops/subtract.js';
import { sum } from '../ops/sum.js';
import { tanh } from '../ops/tanh.js';
import { plan } from '../plan/plan.js';
import { backends, isas, native } from '../testing/backends.js';
import { type Body, checkKernels, evaluate, graphOf, runs } from '../testing/check.js';
import { expectClose, tolerance } from '../testing/close.js';
import { draw, type Specs } from '../testing/draw.js';
import { type Graph, print } from '../trace/graph.js';
import { input, type Tensor, type Trace, trace } from '../trace/trace.js';
import { commonSubexpressions } from './common-subexpressions.js';
import { deadCode } from './dead-code.js';
import { fuseCrossEntropy } from './fuse-cross-entropy.js';
import { fuseElementwise } from './fuse-elementwise.js';
import { fuseLinear } from './fuse-linear.js';
import { optimise, passesFor } from './index.js';
import { mixedPrecision } from './mixed-precision.js';
import { verify } from './verify.js';

const f32 = (t: Trace, name: string, shape: readonly number[]) => input(t, name, { dtype: 'float32', shape });
const x23 = { x: { shape: [2, 3] } };

describe('dead-code', () => {
  it('drops what reaches no output', () => {
    const graph = graphOf(x23, ({ x }) => {
      exp(tanh(x));
      return { y: exp(x) };
    });
    expect(print(graph)).toMatchInlineSnapshot(`
      "%0 = input x float32[2, 3]
      %1 = tanh(%0) float32[2, 3]
      %2 = exp(%1) float32[2, 3]
      %3 = exp(%0) float32[2, 3]
      output y = %3"
    `);
    expect(print(deadCode(graph))).toMatchInlineSnapshot(`
      "%0 = input x float32[2, 3]
      %3 = exp(%0) float32[2, 3]
      output y = %3"
    `);
  });
});

describe('common-subexpressions', () => {
  it('computes equal nodes once', () => {
    const graph = graphOf(x23, ({ x }) => ({ y: add(multiply(exp(x), 2), multiply(exp(x), 2)) }));
    expect(print(commonSubexpressions(graph))).toMatchInlineSnapshot(`
      "%0 = input x float32[2, 3]
      %1 = exp(%0) float32[2, 3]
      %2 = constant() {value: 2, shape: [], dtype: float32} float32[]
      %3 = multiply(%1, %2) float32[2, 3]
      %7 = add(%3, %3) float32[2, 3]
      output y = %7"
    `);
  });
  it('leaves nodes that differ by an attribute alone', () => {
    const graph = graphOf(x23, ({ x }) => ({
      y: rmsNorm(x, sum(x, [0, 1]), 1e-5),
      z: rmsNorm(x, sum(x, [0, 1]), 1e-6),
    }));
    expect(commonSubexpressions(graph).nodes.filter(({ kind }) => kind === 'rmsNorm')).toHaveLength(2);
  });
});

describe('fuse-linear', () => {
  const specs = { x: { shape: [4, 3] }, w: { shape: [5, 3] }, b: { shape: [5] }, r: { shape: [4, 5] } };
  it('takes the activation and the residual into the product', () => {
    const graph = graphOf(specs, ({ x, w, b, r }) => ({ y: add(r, gelu(linear(x, w, b))) }));
    expect(print(graph)).toMatchInlineSnapshot(`
      "%0 = input x float32[4, 3]
      %1 = input w float32[5, 3]
      %2 = input b float32[5]
      %3 = input r float32[4, 5]
      %4, %5 = linear(%0, %1, %2, ·) {activation: none} float32[4, 5] float32[4, 5]
      %6 = gelu(%4) float32[4, 5]
      %7 = add(%3, %6) float32[4, 5]
      output y = %7"
    `);
    expect(print(fuseLinear(graph))).toMatchInlineSnapshot(`
      "%0 = input x float32[4, 3]
      %1 = input w float32[5, 3]
      %2 = input b float32[5]
      %3 = input r float32[4, 5]
      %7, %4 = linear(%0, %1, %2, %3) {activation: gelu} float32[4, 5] float32[4, 5]
      output y = %7"
    `);
  });
  it('keeps what the activation saw for whoever else reads it', () => {
    const graph = fuseLinear(
      graphOf(specs, ({ x, w, b }) => {
        const z = linear(x, w, b);
        return { y: multiply(gelu(z), tanh(z)) };
      }),
    );
    expect(print(graph)).toMatchInlineSnapshot(`
      "%0 = input x float32[4, 3]
      %1 = input w float32[5, 3]
      %2 = input b float32[5]
      %3 = input r float32[4, 5]
      %6, %4 = linear(%0, %1, %2, ·) {activation: gelu} float32[4, 5] float32[4, 5]
      %7 = tanh(%4) float32[4, 5]
      %8 = multiply(%6, %7) float32[4, 5]
      output y = %8"
    `);
  });
  it.each<readonly [string, Body]>([
    [
      'a product that leaves the graph',
      ({ x, w, b }) => {
        const z = linear(x, w, b);
        return { z, y: gelu(z) };
      },
    ],
    [
      'a sum with itself',
      ({ x, w, b }) => {
        const z = linear(x, w, b);
        return { y: add(z, z) };
      },
    ],
    ['a sum of two products', ({ x, w, b }) => ({ y: add(linear(x, w, b), linear(x, exp(w))) })],
    ['a residual that broadcasts', ({ x, w, b }) => ({ y: add(linear(x, w), b) })],
    [
      'a residual made after the product',
      ({ x, w, r }) => {
        const z = linear(x, w);
        return { y: add(z, exp(r)) };
      },
    ],
    [
      'an activation read twice',
      ({ x, w, r }) => {
        const a = gelu(linear(x, w));
        return { y: add(a, r), z: exp(a) };
      },
    ],
    [
      'its own operand as residual',
      ({ x, w, r }) => {
        const z = linear(x, w);
        return { y: add(gelu(z), z), q: add(r, 1) };
      },
    ],
  ])('means the same with %s', (_, body) => checkKernels({ specs, body }));
});

describe('fuse-cross-entropy', () => {
  it('joins loss and gradient', () => {
    const graph = trace((t) => {
      const [x, weight, weights] = [f32(t, 'x', [4, 3]), f32(t, 'weight', [7, 3]), f32(t, 'weights', [4])];
      const { loss } = crossEntropy({
        x,
        weight,
        weights,
        targets: input(t, 'targets', { dtype: 'int32', shape: [4] }),
      });
      const [dx, dweight] = gradient(loss, [x, weight], constant(t, { value: 1, shape: [], dtype: 'float32' }));
      return { outputs: { loss, dx: dx ?? x, dweight: dweight ?? weight } };
    });
    expect(print(graph)).toMatchInlineSnapshot(`
      "%0 = input x float32[4, 3]
      %1 = input weight float32[7, 3]
      %2 = input weights float32[4]
      %3 = input targets int32[4]
      %4, %5 = crossEntropy(%0, %1, %3, %2, ·) float32[] float32[4]
      %6 = constant() {value: 1, shape: [], dtype: float32} float32[]
      %7, %8, %9 = crossEntropyGradient(%0, %1, %3, %2, %6, ·, ·) float32[4, 3] float32[7, 3] float32[7]  # gradient.
      output loss = %4
      output dx = %7
      output dweight = %8"
    `);
    expect(print(fuseCrossEntropy(graph))).toMatchInlineSnapshot(`
      "%0 = input x float32[4, 3]
      %1 = input weight float32[7, 3]
      %2 = input weights float32[4]
      %3 = input targets int32[4]
      %6 = constant() {value: 1, shape: [], dtype: float32} float32[]
      %4, %5, %7, %8, %9 = crossEntropyTraining(%0, %1, %3, %2, %6, ·, ·) float32[] float32[4] float32[4, 3] float32[7, 3] float32[7]
      output loss = %4
      output dx = %7
      output dweight = %8"
    `);
  });
});

describe('fuse-elementwise', () => {
  it('makes one node of a chain', () => {
    const graph = graphOf({ ...x23, g: { shape: [3] } }, ({ x, g }) => ({ y: multiply(exp(add(x, 1)), g) }));
    expect(print(deadCode(fuseElementwise(graph)))).toMatchInlineSnapshot(`
      "%0 = input x float32[2, 3]
      %1 = input g float32[3]
      %5 = fused(%0, %1) {program: constant 1; add 0 2; exp 3; multiply 4 1, shape: [2 3], dtype: float32} float32[2, 3]
      output y = %5"
    `);
  });
  it('computes a value that two nodes read once', () => {
    const graph = graphOf(x23, ({ x }) => {
      const e = exp(x);
      return { y: add(sum(e), sum(multiply(e, e))) };
    });
    expect(print(deadCode(fuseElementwise(graph)))).toMatchInlineSnapshot(`
      "%0 = input x float32[2, 3]
      %1 = fused(%0) {program: exp 0, shape: [2 3], dtype: float32} float32[2, 3]
      %2 = sum(%1) {from: 0, to: 2, keep: false} float32[]
      %3 = fused(%1) {program: multiply 0 0, shape: [2 3], dtype: float32} float32[2, 3]
      %4 = sum(%3) {from: 0, to: 2, keep: false} float32[]
      %5 = fused(%2, %4) {program: add 0 1, shape: [], dtype: float32} float32[]
      output y = %5"
    `);
  });

  const chain =
    (length: number, op: (x: Tensor, i: number) => Tensor): Body =>
    ({ x }) => ({ y: Array.from({ length }).reduce<Tensor>((value, _, i) => op(value, i), x) });
  it.each<readonly [string, Specs, Body]>([
    ['100 ops in a row', x23, chain(100, (x, i) => (i % 2 === 0 ? tanh(x) : sigmoid(x)))],
    ['40 ops with a constant each', x23, chain(40, (x, i) => multiply(x, 0.9 + i / 100))],
    [
      '20 operands',
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`x${i}`, { shape: [i % 2 === 0 ? 3 : 1, 5] }])),
      (the) => ({ y: Object.values(the).reduce((a, b) => add(tanh(a), b)) }),
    ],
    [
      'a tree of 32 operands',
      Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`x${i}`, { shape: [3] }])),
      (the) => {
        let level = Object.values(the);
        while (level.length > 1)
          level = level.flatMap((value, i) => (i % 2 === 0 ? [subtract(value, level[i + 1])] : []));
        return { y: level[0] };
      },
    ],
    [
      'broadcasts over six axes',
      { a: { shape: [2, 1, 2, 1, 2, 1] }, b: { shape: [1, 3, 1, 2, 1, 3] } },
      ({ a, b }) => ({ y: multiply(a, b) }),
    ],
  ])('means the same with %s', (_, specs, body) => checkKernels({ specs, body }));

  it('refuses more loops than the kernel has, by name', () => {
    const graph = graphOf({ a: { shape: [2, 1, 2, 1, 2, 1, 2] }, b: { shape: [1, 3, 1, 2, 1, 3, 1] } }, ({ a, b }) => ({
      y: multiply(a, b),
    }));
    expect(() => native(isas()[0]).compile(graph)).toThrow(/at most 6/);
  });
  it('does not move a read past the op that writes over its operand', () => {
    const graph = trace((t) => {
      const [p, m, v, one, rates] = [
        f32(t, 'p', [2]),
        f32(t, 'm', [2]),
        f32(t, 'v', [2]),
        f32(t, 'one', []),
        f32(t, 'rates', [3]),
      ];
      const before = exp(p);
      const made = adamw(
        { parameter: p, gradient: exp(m), first: m, second: v, factor: one, applied: one, rates },
        { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 },
      );
      return {
        outputs: { change: subtract(before, exp(made.newParameter)) },
        updates: [
          [p, made.newParameter],
          [m, made.newFirst],
          [v, made.newSecond],
        ],
      };
    });
    expect(() => plan(optimise(graph, 'float32'))).not.toThrow();
  });

  it('means the same on random graphs', async () => {
    const node = fc.record({ op: fc.nat(6), a: fc.nat(), b: fc.nat() });
    await fc.assert(
      fc.asyncProperty(fc.array(node, { minLength: 1, maxLength: 60 }), fc.nat(1000), async (nodes, seed) => {
        const specs = { x: { shape: [4, 5] }, y: { shape: [5] }, z: { shape: [4, 1] }, s: { shape: [] } };
        const graph = graphOf(specs, (inputs) => {
          const made = Object.values(inputs);
          for (const { op, a, b } of nodes) {
            // Mostly what was made last, so that chains grow long.
            const [l, r] = [made[made.length - 1 - (a % Math.min(3, made.length))], made[b % made.length]];
            made.push(
              [
                () => tanh(l),
                () => sigmoid(l),
                () => add(l, r),
                () => subtract(l, r),
                () => maximum(l, r),
                () => tanh(multiply(l, 0.75)),
                () => tanh(multiply(l, r)),
              ][op](),
            );
          }
          return { last: made[made.length - 1], middle: made[Math.floor(made.length / 2)] };
        });
        const values = draw(specs, seed);
        const expected = await evaluate(backends()[0].backend, graph, values);
        const found = await evaluate(native(isas()[isas().length - 1]), graph, values);
        for (const [name, data] of Object.entries(found))
          expectClose(data, expected[name], 10 * tolerance.float32, name);
      }),
      { numRuns: runs(100), seed: 3 },
    );
  });
});

describe('mixed-precision', () => {
  it('casts the operands of products, and results back', () => {
    const graph = graphOf({ x: { shape: [4, 3] }, w: { shape: [5, 3] }, g: { shape: [5] } }, ({ x, w, g }) => ({
      y: rmsNorm(linear(x, w), g, 1e-5),
    }));
    expect(print(mixedPrecision(graph, 'bfloat16'))).toMatchInlineSnapshot(`
      "%0 = input x float32[4, 3]
      %1 = input w float32[5, 3]
      %2 = input g float32[5]
      %7 = cast(%0) {dtype: bfloat16} bfloat16[4, 3]
      %8 = cast(%1) {dtype: bfloat16} bfloat16[5, 3]
      %3, %4 = linear(%7, %8, ·, ·) {activation: none} bfloat16[4, 5] bfloat16[4, 5]
      %5, %6 = rmsNorm(%3, %2) {epsilon: 0.00001} bfloat16[4, 5] float32[4]
      %9 = cast(%5) {dtype: float32} float32[4, 5]
      output y = %9"
    `);
  });
  it('casts a value once, whoever reads it', () => {
    const graph = graphOf({ qkv: { shape: [1, 4, 12] } }, ({ qkv }) => ({
      y: attention({ qkv }, { heads: 2, keyValueHeads: 2, headWidth: 2 }),
      z: attention({ qkv }, { heads: 1, keyValueHeads: 1, headWidth: 4 }),
    }));
    expect(
      mixedPrecision(graph, 'float16').nodes.filter(
        ({ kind, attributes }) => kind === 'cast' && attributes['dtype'] === 'float16',
      ),
    ).toHaveLength(1);
  });
});

it.each(['float32', 'bfloat16', 'float16'] as const)(
  'the passes of %s each leave a graph that the verifier passes and that means the same',
  (precision) => {
    const specs: Specs = { x: { shape: [4, 6] }, g: { shape: [6] }, w: { shape: [8, 6] }, v: { shape: [6, 8] } };
    let graph: Graph = graphOf(specs, ({ x, g, w, v }) => ({
      y: add(x, linear(gelu(linear(rmsNorm(x, g, 1e-5), w)), v)),
    }));
    const values = new Map(
      Object.entries(draw(specs, 4)).map(([name, data]) => [name, { shape: specs[name].shape, data }]),
    );
    const resultOf = (one: Graph) => interpret(one, values).get(one.outputs[0].value)?.data ?? [];
    const expected = resultOf(graph);
    for (const pass of passesFor(precision)) {
      graph = verify(pass.run(graph), pass.name);
      expectClose(resultOf(graph), expected, 1e-12, pass.name);
    }
  },
);

describe('the verifier refuses', () => {
  const graph = graphOf(x23, ({ x }) => ({ y: exp(tanh(x)) }));
  const [first, second] = graph.nodes;
  const broken: readonly (readonly [string, Graph, RegExp])[] = [
    ['a value read before it is made', { ...graph, nodes: [second, first] }, /%1 is read before it is made/],
    ['a value made twice', { ...graph, nodes: [first, first, second] }, /%1 is made twice/],
    [
      'a type that its op does not infer',
      { ...graph, types: graph.types.map((type, i) => (i === 1 ? { ...type, shape: [6] } : type)) },
      /y is float32\[6\], its op says float32\[2, 3\]/,
    ],
    ['an output that nobody makes', { ...graph, nodes: [first] }, /%2 leaves the graph and is never made/],
    ['an input that is absent', { ...graph, nodes: [{ ...first, inputs: [-1] }, second] }, /input x is absent/],
    [
      'an op that does not exist',
      { ...graph, nodes: [{ ...first, kind: 'frobnicate' }, second] },
      /no op called frobnicate/,
    ],
  ];
  it.each(broken)('%s', (_, one, says) => expect(() => verify(one, 'a test')).toThrow(says));
  it('and names pass and place', () =>
    expect(() => verify({ ...graph, nodes: [second, first] }, 'fuse-nothing')).toThrow(
      /after fuse-nothing.*GRAPH_INVALID/,
    ));
});
