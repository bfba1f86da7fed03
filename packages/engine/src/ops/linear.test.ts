/** y = x Wᵀ + bias with what the pass `fuse-linear` adds to it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { golden } from '../testing/golden.js';
import { add } from './add.js';
import { gelu } from './gelu.js';
import { geluTanh } from './gelu-tanh.js';
import { linear } from './linear.js';
import { relu } from './relu.js';
import { reluSquared } from './relu-squared.js';
import { silu } from './silu.js';

const specs = (rows: number, n: number, k: number) => ({
  x: { shape: [rows, k] },
  weight: { shape: [n, k] },
  bias: { shape: [n] },
  residual: { shape: [rows, n] },
});
const sizes = fc.tuple(size(40), size(40), size(40));
const activations = { gelu, geluTanh, relu, reluSquared, silu };
const plain: Body = ({ x, weight, bias }) => ({ y: linear(x, weight, bias) });

describe('linear', () => {
  it.each(backends())('is PyTorch’s on $name', async (backend) => {
    const cases = golden('linear');
    await checkGolden(backend, cases.plain, ({ x, weight }) => linear(x, weight));
    await checkGolden(backend, cases.bias, ({ x, weight, bias }) => linear(x, weight, bias));
  });
  it('has the gradient of finite differences', () =>
    checkGradient({ x: { shape: [2, 2, 3] }, weight: { shape: [4, 3] }, bias: { shape: [4] } }, plain));
  it('is its definition on every size', () =>
    checkShapes(sizes, ([rows, n, k]) => ({ specs: specs(rows, n, k), body: plain }), 6));
  it('keeps a NaN in its row', () =>
    checkKernels({
      specs: specs(7, 33, 19),
      body: plain,
      gradients: false,
      mixed: false,
      poison: ({ x, bias }) => {
        x[20] = NaN;
        bias[4] = Infinity;
      },
    }));
  it('refuses a weight of another width', () =>
    expect(() =>
      graphOf({ x: { shape: [2, 3] }, weight: { shape: [4, 5] } }, ({ x, weight }) => ({ y: linear(x, weight) })),
    ).toThrow(/SHAPE_MISMATCH/));
});

describe.each(Object.entries(activations))('linear fused with %s', (_, activation) => {
  it('is its definition on every size, with and without a residual', async () => {
    await checkShapes(
      sizes,
      ([rows, n, k]) => ({
        specs: specs(rows, n, k),
        body: ({ x, weight, bias, residual }) => ({ y: add(activation(linear(x, weight, bias)), residual) }),
        gradients: false,
      }),
      4,
    );
    await checkKernels({
      specs: specs(19, 33, 17),
      body: ({ x, weight }) => ({ y: activation(linear(x, weight)) }),
      gradients: activation !== relu,
    });
  });
});
