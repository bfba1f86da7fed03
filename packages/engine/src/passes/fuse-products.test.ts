/** Factors and addends that go into the product that makes their operand. */
import { describe, expect, it } from 'vitest';
import { add } from '../ops/add.js';
import { matmul } from '../ops/matmul.js';
import { multiply } from '../ops/multiply.js';
import { tanh } from '../ops/tanh.js';
import { type Body, checkKernels, checkShapes, graphOf, size } from '../testing/check.js';
import { type Graph, print } from '../trace/graph.js';
import { fuseProducts } from './fuse-products.js';
import { optimise } from './index.js';

const square = { x: { shape: [6, 6] }, r: { shape: [6, 6] } };
const kinds = ({ nodes }: Graph) => nodes.map(({ kind }) => kind).join(' ');

describe('fuse-products', () => {
  it('makes two products of a Newton–Schulz step after the first', () => {
    const graph = graphOf({ x: { shape: [4, 6] } }, ({ x }) => {
      const gram = matmul(x, x, { transposeB: true });
      const inner = add(multiply(gram, -4.775), multiply(2.0315, matmul(gram, gram)));
      return { y: add(matmul(inner, x), multiply(x, 3.4445)) };
    });
    expect(print(optimise(graph, 'float32'))).toMatchInlineSnapshot(`
      "%0 = input x float32[4, 6]
      %1 = matmul(%0, %0, ·, ·) {transposeA: false, transposeB: true, full: false} float32[4, 4]
      %7 = matmul(%1, %1, ·, %1) {transposeA: false, transposeB: false, full: false, alpha: 2.0315, beta: -4.775} float32[4, 4]
      %11 = matmul(%7, %0, ·, %0) {transposeA: false, transposeB: false, full: false, alpha: 1, beta: 3.4445} float32[4, 6]
      output y = %11"
    `);
  });

  it('is its definition on every size', () =>
    checkShapes(size(70), (n) => {
      const specs = { a: { shape: [2, n, 33] }, b: { shape: [2, 33, 7] }, r: { shape: [2, n, 7] } };
      const body: Body = ({ a, b, r }) => ({ y: add(multiply(tanh(r), 1.75), multiply(matmul(a, b), -0.5)) });
      expect(kinds(optimise(graphOf(specs, body), 'float32'))).toBe('fused matmul');
      return { specs, body, gradients: false };
    }));

  it('is its definition where the sum over k is cut into parts', () =>
    checkKernels({
      specs: { a: { shape: [9, 5000] }, b: { shape: [5000, 5] }, r: { shape: [9, 5] } },
      body: ({ a, b, r }) => ({ y: add(multiply(r, 40), multiply(matmul(a, b), -2)) }),
      gradients: false,
      factor: 4,
    }));

  it('takes an addend without factors where the result is 16-bit', () => {
    const graph = graphOf(square, ({ x, r }) => ({ y: add(tanh(matmul(r, r)), matmul(x, x)) }));
    expect(kinds(fuseProducts(graph))).toBe('matmul tanh matmul add');
    expect(kinds(optimise(graph, 'bfloat16'))).toBe('fused matmul fused fused matmul fused');
  });

  const stays: readonly (readonly [string, Body])[] = [
    [
      'a product that two read',
      ({ x, r }) => {
        const p = matmul(x, x);
        return { y: add(multiply(p, 2), r), z: tanh(p) };
      },
    ],
    [
      'a multiple that two read',
      ({ x, r }) => {
        const s = multiply(matmul(x, x), 2);
        return { y: add(s, multiply(r, 3)), z: tanh(s) };
      },
    ],
    [
      'an addend that is made after the product',
      ({ x, r }) => {
        const p = matmul(x, x);
        return { y: add(multiply(tanh(r), 2), p) };
      },
    ],
    ['a multiple by a tensor', ({ x, r }) => ({ y: add(multiply(matmul(x, x), r), x) })],
    ['a factor beyond all use', ({ x, r }) => ({ y: add(multiply(r, 1e30), matmul(x, x)) })],
  ];
  it.each(stays)('leaves %s alone', (_, body) => {
    const graph = graphOf(square, body);
    expect(kinds(fuseProducts(graph))).toBe(kinds(graph));
  });
});
