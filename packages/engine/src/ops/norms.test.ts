/** LayerNorm, RMSNorm and the norm of query and key heads, with their gradients. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { expectClose } from '../testing/close.js';
import { golden } from '../testing/golden.js';
import { headNorm } from './head-norm.js';
import { layerNorm } from './layer-norm.js';
import { rmsNorm } from './rms-norm.js';

const bodies: readonly (readonly [string, Body])[] = [
  ['layerNorm', ({ x, gain, bias }) => ({ y: layerNorm(x, gain, bias, 1e-5) })],
  ['layerNorm without bias', ({ x, gain }) => ({ y: layerNorm(x, gain, undefined, 1e-5) })],
  ['rmsNorm', ({ x, gain }) => ({ y: rmsNorm(x, gain, 1e-5) })],
];
const specs = (rows: readonly number[], n: number) => ({
  x: { shape: [...rows, n] },
  gain: { shape: [n], from: 'positive' as const },
  bias: { shape: [n] },
});

describe.each(bodies)('%s', (_, body) => {
  // A width of 1 or 2 divides by differences that rounding makes: from 3 on the bound of float32 holds.
  it('is its definition on every size', () =>
    checkShapes(fc.tuple(fc.array(size(9), { maxLength: 2 }), size(70, 3)), ([rows, n]) => ({
      specs: specs(rows, n),
      body,
      factor: 4,
    })));
  it('is its definition over more than one block of rows', () =>
    checkKernels({ specs: specs([300], 19), body, factor: 4 }));
  it('has the gradient of finite differences', () => checkGradient(specs([2, 2], 4), body));
  it('keeps a NaN or infinity in its row', () =>
    checkKernels({
      specs: specs([5], 37),
      body,
      gradients: false,
      poison: ({ x }) => {
        x[40] = NaN;
        x[80] = Infinity;
      },
    }));
});

describe('headNorm', () => {
  const body =
    (heads: number, headWidth: number): Body =>
    ({ x }) => ({ y: headNorm(x, { heads, headWidth, epsilon: 1e-6 }) });
  it('is its definition on every size', () =>
    checkShapes(fc.tuple(size(9), size(3), size(33, 1), size(5)), ([rows, heads, headWidth, rest]) => ({
      specs: { x: { shape: [rows, heads * headWidth + rest], from: 'positive' } },
      body: body(heads, headWidth),
    })));
  it('has the gradient of finite differences', () => checkGradient({ x: { shape: [2, 7] } }, body(2, 3)));
});

describe.each(backends())('PyTorch, on $name', (backend) => {
  const cases = golden('norm');
  it('layerNorm', async () => {
    await checkGolden(backend, cases.layerNorm, ({ x, gain, bias }, { epsilon }) =>
      layerNorm(x, gain, bias, Number(epsilon)),
    );
    await checkGolden(backend, cases.layerNormWithoutBias, ({ x, gain }, { epsilon }) =>
      layerNorm(x, gain, undefined, Number(epsilon)),
    );
  });
  it('rmsNorm', () =>
    checkGolden(backend, cases.rmsNorm, ({ x, gain }, { epsilon }) => rmsNorm(x, gain, Number(epsilon))));
  it('gives the published values for 1 2 3 4', async () => {
    const graph = graphOf({ x: { shape: [1, 4] }, gain: { shape: [4] } }, ({ x, gain }) => ({
      layer: layerNorm(x, gain, undefined, 1e-5),
      rms: rmsNorm(x, gain, 1e-5),
    }));
    const found = await evaluate(backend.backend, graph, {
      x: Float64Array.of(1, 2, 3, 4),
      gain: Float64Array.of(1, 1, 1, 1),
    });
    expectClose(found.layer, [-1.341635, -0.447212, 0.447212, 1.341635], 2e-6);
    expectClose(found.rms, [0.365148, 0.730296, 1.095444, 1.460593], 2e-6);
  });
});
