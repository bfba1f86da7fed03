/** Contractions in the letters of einsum, as products of matrices. */
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { checkGradient, checkKernels, graphOf } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { golden } from '../testing/golden.js';
import { contract } from './contract.js';

describe('contract', () => {
  it.each(backends())('is PyTorch’s einsum on $name', async (backend) => {
    const cases = Object.entries(golden('contract'));
    expect(cases.length).toBeGreaterThan(5);
    for (const [spec, the] of cases) await checkGolden(backend, the, ({ a, b }) => contract(spec, a, b));
  });
  it('is its definition on larger sizes', () =>
    checkKernels({
      specs: { q: { shape: [2, 17, 3, 8] }, k: { shape: [2, 19, 3, 8] } },
      body: ({ q, k }) => ({ scores: contract('bthd,bshd->bhts', q, k) }),
      factor: 2,
    }));
  it('has the gradient of finite differences', () =>
    checkGradient({ a: { shape: [2, 3, 2] }, b: { shape: [3, 2] } }, ({ a, b }) => ({
      y: contract('xyz,yw->wx', a, b),
    })));
  it.each(['ab,bc', 'aa,ab->b', 'ab,bc->ad', 'ab,cb->ac', 'ab,bc->aa'])('refuses %s', (spec) =>
    expect(() =>
      graphOf({ a: { shape: [2, 3] }, b: { shape: [3, 4] } }, ({ a, b }) => ({ y: contract(spec, a, b) })),
    ).toThrow(/SHAPE_MISMATCH/),
  );
});
