/** Ops that move no numbers or make them: reshape, cast, constant. */
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { input, trace } from '../trace/trace.js';
import { add } from './add.js';
import { cast } from './cast.js';
import { constant } from './constant.js';
import { exp } from './exp.js';
import { multiply } from './multiply.js';
import { reshape } from './reshape.js';

describe('reshape', () => {
  it('keeps elements in their order', () =>
    checkKernels({
      specs: { x: { shape: [2, 3, 4] } },
      body: ({ x }) => ({ y: exp(reshape(x, [4, 6])), z: reshape(x, [24]) }),
    }));
  it('has the gradient of finite differences', () =>
    checkGradient({ x: { shape: [2, 3] } }, ({ x }) => ({ y: multiply(reshape(x, [3, 2]), reshape(x, [3, 2])) })));
  it('refuses another number of elements', () =>
    expect(() => graphOf({ x: { shape: [2, 3] } }, ({ x }) => ({ y: reshape(x, [5]) }))).toThrow(
      /6 elements; received \[5\]/,
    ));
});

describe('cast', () => {
  it.each(['bfloat16', 'float16'] as const)('to %s and back rounds to nearest even', async (dtype) => {
    const graph = graphOf({ x: { shape: [6] } }, ({ x }) => ({ y: cast(cast(x, dtype), 'float32') }));
    const exact = Float64Array.of(1, -2, 0.5, 0, 3, -1);
    for (const { backend } of backends())
      expect([...(await evaluate(backend, graph, { x: exact })).y]).toEqual([...exact]);
  });
  it('has the gradient of finite differences', () =>
    checkGradient({ x: { shape: [3] } }, ({ x }) => ({ y: cast(cast(multiply(x, x), 'float32'), x.dtype) })));
  it('to its own dtype is nothing', () =>
    expect(graphOf({ x: { shape: [3] } }, ({ x }) => ({ y: cast(x, 'float32') })).nodes).toHaveLength(0));
});

describe('constant', () => {
  it('has one value everywhere, on every size', () =>
    checkShapes(
      size(1100),
      (n) => ({
        specs: { x: { shape: [n] } },
        body: ({ x }) => ({ y: add(x, constant(x.trace, { value: 2.5, shape: [n], dtype: 'float32' })) }),
      }),
      6,
    ));
  it('leaves the graph by itself', async () => {
    const graph = trace((t) => {
      input(t, 'unused', { dtype: 'float32', shape: [2] });
      return { outputs: { y: constant(t, { value: -1.5, shape: [3], dtype: 'float32' }) } };
    });
    for (const { backend } of backends())
      expect([...(await evaluate(backend, graph, { unused: Float64Array.of(1, 2) })).y]).toEqual([-1.5, -1.5, -1.5]);
  });
});
