/** Rows to experts, a product for each, and back: by their definitions, and a whole layer against PyTorch. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import type { InputSpec, Specs } from '../testing/draw.js';
import { golden } from '../testing/golden.js';
import { combine, dispatch } from './expert-rows.js';
import { groupedMatmul } from './grouped-matmul.js';
import { multiply } from './multiply.js';
import { route } from './route.js';
import { silu } from './silu.js';

const ints = (values: readonly number[], shape: readonly number[] = [values.length]): InputSpec => ({
  shape,
  dtype: 'int32',
  values,
});

describe('dispatch and combine', () => {
  // Three tokens of two choices, of which one is dropped; the last of six rows is unused.
  const places = { sources: ints([0, 5, 2, 3, 1, -1]), slots: ints([0, 4, 2, 3, -1, 1], [3, 2]) };
  const specs = (width: number): Specs => ({
    x: { shape: [3, width] },
    z: { shape: [6, width] },
    weights: { shape: [3, 2] },
    ...places,
  });
  const body: Body = ({ x, z, weights, sources, slots }) => ({
    rows: dispatch(x, { sources, slots }),
    tokens: combine(z, { sources, slots, weights }),
  });
  it('have the gradients of finite differences', () => checkGradient(specs(3), body));
  it('are their definitions on every width', () =>
    checkShapes(size(70), (width) => ({ specs: specs(width), body }), 8));
  it('read nothing outside, whatever the indices', () =>
    checkKernels({
      specs: {
        ...specs(5),
        sources: ints([6, -7, 2147483647, 1, 1, 0]),
        slots: ints([6, -2, 2147483647, 0, 0, 9], [3, 2]),
      },
      body,
      gradients: false,
    }));
});

describe('groupedMatmul', () => {
  const body =
    (transposeB: boolean): Body =>
    ({ x, weight, offsets }) => ({ y: groupedMatmul(x, weight, offsets, { transposeB }) });
  const specs = (offsets: readonly number[], rows: number, k: number, n: number, turned: boolean): Specs => ({
    x: { shape: [rows, k] },
    weight: { shape: [offsets.length - 1, ...(turned ? [n, k] : [k, n])] },
    offsets: ints(offsets),
  });
  it('has the gradient of finite differences', () => {
    for (const turned of [true, false]) checkGradient(specs([0, 2, 2, 4], 5, 3, 2, turned), body(turned));
  });
  it('is its definition on every size, with groups of no rows and rows of no group', () =>
    checkShapes(
      fc.tuple(
        fc.array(fc.constantFrom(0, 1, 2, 17, 40), { minLength: 1, maxLength: 5 }),
        size(3),
        size(40),
        size(40),
        fc.boolean(),
      ),
      ([counts, rest, k, n, turned]) => {
        const offsets = [0];
        for (const count of counts) offsets.push((offsets.at(-1) ?? 0) + count);
        return { specs: specs(offsets, (offsets.at(-1) ?? 0) + rest, k, n, turned), body: body(turned), factor: 2 };
      },
      8,
    ));
  it('touches nothing outside, whatever the offsets', () =>
    checkKernels({ specs: specs([2, 9, 1, -5], 4, 3, 5, true), body: body(true), gradients: false }));
  it('refuses a weight of another width', () =>
    expect(() =>
      graphOf({ x: { shape: [2, 3] }, weight: { shape: [2, 4, 5] }, offsets: ints([0, 1, 2]) }, body(true)),
    ).toThrow(/SHAPE_MISMATCH/));
});

it.each(backends())('a layer of experts is PyTorch’s on $name', async (backend) => {
  const cases = golden('experts');
  for (const name of Object.keys(cases))
    await checkGolden(
      backend,
      cases[name],
      ({ x, logits, gate, up, down }, { active, capacity, sigmoid, normalise }) => {
        const routing = route(logits, {
          active: Number(active),
          capacity: Number(capacity),
          scoring: sigmoid === true ? 'sigmoid' : 'softmax',
          normalise: normalise === true,
        });
        const rows = dispatch(x, routing);
        const product = (weight: typeof gate, of: typeof rows) =>
          groupedMatmul(of, weight, routing.offsets, { transposeB: true });
        return combine(product(down, multiply(silu(product(gate, rows)), product(up, rows))), routing);
      },
    );
});
