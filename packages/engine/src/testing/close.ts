import { expect } from 'vitest';

/** Largest error allowed, relative to the largest magnitude of a tensor (or to 1, where all of it is smaller). */
export const tolerance = { float64: 1e-9, float32: 2e-5, float16: 6e-3, bfloat16: 3e-2 } as const;

/** The worst error and where it is; a NaN or an infinity on one side only is an infinite error. */
export function worstError(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
): { readonly error: number; readonly at: number } {
  let scale = 1;
  for (let i = 0; i < expected.length; i++)
    if (Number.isFinite(expected[i])) scale = Math.max(scale, Math.abs(expected[i]));
  let worst = { error: 0, at: -1 };
  for (let i = 0; i < expected.length; i++) {
    const same = Object.is(found[i], expected[i]) || found[i] === expected[i];
    const difference = same ? 0 : Math.abs(found[i] - expected[i]) / scale;
    const error = Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY;
    if (error > worst.error) worst = { error, at: i };
  }
  return worst;
}

export function expectClose(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  allowed: number,
  what = 'values',
): void {
  expect(found.length, `${what}: length`).toBe(expected.length);
  const { error, at } = worstError(found, expected);
  if (!(error <= allowed))
    expect.fail(
      `${what}[${at}] is ${found[at]}, expected ${expected[at]}: error ${error.toExponential(2)}, allowed ${allowed}`,
    );
}

/** Equal to the last bit; any NaN equals any other. */
export function expectSameBits(found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  for (let i = 0; i < expected.length; i++)
    if (!Object.is(found[i], expected[i]))
      expect.fail(`${what}[${i}] is ${found[i]}, expected the same bits as ${expected[i]}`);
}
