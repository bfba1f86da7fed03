/** Convolutions over windows packed on the way, of each channel alone, their gradients, and pooling. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradient } from '../gradient/gradient.js';
import { optimise } from '../passes/index.js';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { golden } from '../testing/golden.js';
import { input, trace } from '../trace/trace.js';
import { add } from './add.js';
import { convolution } from './convolution.js';
import { maximumOver } from './extreme.js';
import { gelu } from './gelu.js';
import { averagePool, maxPool } from './pool.js';
import { relu } from './relu.js';
import { sum } from './sum.js';

const one = (largest: number) => fc.integer({ min: 1, max: largest });
/** Sizes of a convolution whose window fits. */
const sizes = fc.record({
  batch: size(3),
  high: one(5),
  wide: one(12),
  groups: one(3),
  channels: one(9),
  filters: one(17),
  taps: fc.tuple(one(3), one(4)),
  stride: fc.tuple(one(2), one(3)),
  dilation: fc.tuple(one(2), one(2)),
  padding: fc.tuple(size(3), size(3), size(3), size(3)),
});
const reach = (taps: number, dilation: number): number => dilation * (taps - 1);

describe('convolution', () => {
  it('is its definition in 2-D, with groups, strides, padding and dilation', () =>
    checkShapes(
      sizes,
      ({ batch, high, wide, groups, channels, filters, taps, stride, dilation, padding }) => ({
        specs: {
          x: {
            shape: [batch, high + reach(taps[0], dilation[0]), wide + reach(taps[1], dilation[1]), groups * channels],
          },
          weight: { shape: [groups * filters, ...taps, channels] },
          bias: { shape: [groups * filters] },
        },
        body: ({ x, weight, bias }) => ({ y: convolution(x, weight, bias, { stride, dilation, padding, groups }) }),
        factor: 2,
      }),
      12,
    ));
  it('is its definition in 1-D, of one channel or many', () =>
    checkShapes(
      fc.tuple(size(4), one(30), one(5), size(3), fc.constantFrom(1, 2, 40), size(40, 1)),
      ([batch, time, taps, before, channels, filters]) => ({
        specs: { x: { shape: [batch, time + taps - 1, channels] }, weight: { shape: [filters, taps, channels] } },
        body: ({ x, weight }) => ({ y: convolution(x, weight, undefined, { padding: [before, 1] }) }),
        factor: 2,
      }),
      8,
    ));
  it('is its definition on sizes above the blocks of the product', async () => {
    await checkKernels({
      specs: { x: { shape: [2, 50, 300] }, weight: { shape: [50, 4, 300] } },
      body: ({ x, weight }) => ({ y: convolution(x, weight) }),
      factor: 8,
    });
  });
  it('of each channel alone is its definition', () =>
    checkShapes(
      fc.tuple(size(3), one(12), one(9), size(70, 1), one(3), one(2), size(2)),
      ([batch, high, wide, channels, taps, stride, padding]) => ({
        specs: {
          x: { shape: [batch, high + taps - 1, wide + taps - 1, channels] },
          weight: { shape: [channels, taps, taps, 1] },
          bias: { shape: [channels] },
        },
        body: ({ x, weight, bias }) => ({
          y: convolution(x, weight, bias, { stride, padding, groups: channels }),
        }),
        factor: 2,
      }),
      8,
    ));
  it.each([1, 3])('takes activation and residual into its epilogue, in %i groups', (groups) =>
    checkKernels({
      specs: {
        x: { shape: [2, 9, 3] },
        weight: { shape: [6, 3, 3 / groups] },
        bias: { shape: [6] },
        residual: { shape: [2, 7, 6] },
      },
      body: ({ x, weight, bias, residual }) => ({
        y: add(gelu(convolution(x, weight, bias, { groups })), residual),
      }),
    }),
  );
  it('leaves no activation and no sum behind', () => {
    const specs = { x: { shape: [2, 9, 3] }, weight: { shape: [6, 3, 3] }, residual: { shape: [2, 7, 6] } };
    const graph = graphOf(specs, ({ x, weight, residual }) => ({ y: add(gelu(convolution(x, weight)), residual) }));
    expect(optimise(graph, 'float32').nodes.map(({ kind }) => kind)).toEqual(['convolution']);
  });
  it('of each channel alone has an epilogue too', () =>
    checkKernels({
      specs: { x: { shape: [2, 9, 19] }, weight: { shape: [19, 3, 1] }, residual: { shape: [2, 7, 19] } },
      body: ({ x, weight, residual }) => ({
        y: add(relu(convolution(x, weight, undefined, { groups: 19 })), residual),
      }),
      gradients: false,
    }));
  it('has the gradient of finite differences', () => {
    const body: Body = ({ x, weight, bias }) => ({
      y: convolution(x, weight, bias, { stride: 2, padding: [1, 0, 2, 1], dilation: [1, 2], groups: 2 }),
    });
    return checkGradient({ x: { shape: [1, 3, 5, 4] }, weight: { shape: [2, 2, 2, 2] }, bias: { shape: [2] } }, body);
  });
  it('keeps a NaN in the windows that see it', () =>
    checkKernels({
      specs: { x: { shape: [1, 9, 2] }, weight: { shape: [3, 2, 2] } },
      body: ({ x, weight }) => ({ y: convolution(x, weight) }),
      gradients: false,
      mixed: false,
      poison: ({ x }) => {
        x[8] = Number.NaN;
      },
    }));
  it('refuses groups that do not divide and windows that do not fit', () => {
    const graph = (channels: number, time: number, groups: number) =>
      graphOf({ x: { shape: [1, time, 4] }, weight: { shape: [6, 3, channels] } }, ({ x, weight }) => ({
        y: convolution(x, weight, undefined, { groups }),
      }));
    expect(() => graph(1, 5, 4)).toThrow(/SHAPE_MISMATCH/);
    expect(() => graph(4, 1, 1)).toThrow(/SHAPE_MISMATCH/);
  });
  it.each(backends())('is PyTorch’s on $name', async (backend) => {
    const cases = golden('convolution');
    await checkGolden(backend, cases.oneD, ({ x, weight, bias }) => convolution(x, weight, bias, { padding: 1 }));
    await checkGolden(backend, cases.twoD, ({ x, weight, bias }) =>
      convolution(x, weight, bias, { stride: 2, padding: 1, dilation: [1, 2], groups: 2 }),
    );
    await checkGolden(backend, cases.depthwise, ({ x, weight, bias }) =>
      convolution(x, weight, bias, { padding: 1, groups: 3 }),
    );
  });
});

describe('convolution before a maximum over time', () => {
  const specs = (batch: number, time: number, taps: number, channels: number, filters: number) => ({
    x: { shape: [batch, time, channels] },
    weight: { shape: [filters, taps, channels] },
    bias: { shape: [filters] },
    lengths: { shape: [batch], dtype: 'int32' as const, below: time + 1 },
  });
  const read =
    (options: Parameters<typeof convolution>[3]): Body =>
    ({ x, weight, bias, lengths }) => ({ y: maximumOver(convolution(x, weight, bias, options), 1, lengths).y });
  it('has gradients that walk what was read alone', () => {
    const kinds = (groups: number) => {
      const graph = trace((t) => {
        const x = input(t, 'x', { dtype: 'float32', shape: [2, 9, 4] });
        const weight = input(t, 'weight', { dtype: 'float32', shape: [4, 3, 4 / groups] });
        const loss = sum(maximumOver(convolution(x, weight, undefined, { groups }), 1).y);
        const [dx, dweight] = gradient(loss, [x, weight], input(t, 'one', { dtype: 'float32', shape: [] }));
        return { outputs: { dx: dx ?? x, dweight: dweight ?? weight } };
      });
      return optimise(graph, 'float32').nodes.map(({ kind }) => kind);
    };
    expect(kinds(1)).toContain('convolutionWeightGradientAt');
    expect(kinds(1)).toContain('convolutionInputGradientAt');
    expect(kinds(1)).not.toContain('scatterAdd');
    expect(kinds(2)).toContain('convolutionWeightGradient');
  });
  // Other positions may be the largest in 16 bits, and in float32 where two nearly are: sizes that have none.
  it('is its definition, with strides, padding and dilation', () =>
    checkShapes(
      fc.tuple(size(4), one(12), one(4), size(33, 1), size(33, 1), one(2), one(2), size(3)),
      ([batch, time, taps, channels, filters, stride, dilation, padding]) => ({
        specs: specs(batch, time + reach(taps, dilation), taps, channels, filters),
        body: read({ stride, dilation, padding: [padding, 1] }),
        mixed: false,
        factor: 2,
      }),
      8,
    ));
  it('has the gradient of finite differences', () =>
    checkGradient(specs(2, 5, 3, 2, 3), read({ padding: [2, 0], stride: 2 })));
});

const pooled = fc.tuple(
  size(3),
  one(9),
  one(9),
  size(33, 1),
  fc.tuple(one(3), one(3)),
  fc.tuple(one(3), one(2)),
  size(1),
);

describe.each([
  ['maxPool', maxPool],
  ['averagePool', averagePool],
] as const)('%s', (name, pool) => {
  // Other elements may be equal in 16 bits, and then the gradient goes to other places.
  it('is its definition on every size', () =>
    checkShapes(
      pooled,
      ([batch, high, wide, channels, window, stride, padding]) => ({
        specs: { x: { shape: [batch, high + window[0] - 1, wide + window[1] - 1, channels], from: 'apart' } },
        body: ({ x }) => ({ y: pool(x, window, { stride, padding }) }),
        mixed: false,
      }),
      8,
    ));
  it('is its definition in 16 bits', () =>
    checkKernels({ specs: { x: { shape: [2, 9, 19] } }, body: ({ x }) => ({ y: pool(x, 3) }), gradients: false }));
  it('has the gradient of finite differences', () =>
    checkGradient({ x: { shape: [1, 3, 4, 2], from: 'apart' } }, ({ x }) => ({
      y: pool(x, 2, { stride: 1, dilation: [1, 2] }),
    })));
  it.each(backends())('is PyTorch’s on $name', (backend) =>
    checkGolden(backend, golden('convolution')[name], ({ x }) => pool(x, 2, { stride: 1, padding: 1 })),
  );
});

describe('averagePool', () => {
  it('leaves padding out where asked', () =>
    checkKernels({
      specs: { x: { shape: [1, 4, 1], values: [1, 2, 3, 4] } },
      body: ({ x }) => ({ y: averagePool(x, 3, { stride: 1, padding: 1, countPadding: false }) }),
      mixed: false,
    }));
});
