/** A whole training step, from embedding to AdamW in one graph: right, and the same bits on any number of threads. */
import { describe, expect, it } from 'vitest';
import { referenceBackend } from './backends/reference/reference.js';
import { isas, mixedForms, native } from './testing/backends.js';
import { trainSteps } from './testing/small-gpt.js';

const worstRatio = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value / b[i] - 1)));

describe('a training step', () => {
  it.each(isas())('agrees with the reference on %s', async (isa) => {
    const [expected, found] = [await trainSteps(referenceBackend(), 2), await trainSteps(native(isa), 2)];
    expect(worstRatio(found.losses, expected.losses)).toBeLessThan(1e-5);
    expect(worstRatio(found.norms, expected.norms)).toBeLessThan(1e-4);
  });

  it.each(isas())('gives the same bits on 1, 2, 3 and 7 threads on %s', async (isa) => {
    const one = await trainSteps(native(isa, 1), 2);
    for (const threads of [2, 3, 7])
      expect(await trainSteps(native(isa, threads), 2), `${threads} threads`).toEqual(one);
  });

  it.each(mixedForms())(
    'gives the same bits on 1, 2, 3 and 7 threads in mixed precision: $isa $form',
    async ({ isa, form, precision }) => {
      const one = await trainSteps(native(isa, 1, form), 1, precision);
      for (const threads of [2, 3, 7])
        expect(await trainSteps(native(isa, threads, form), 1, precision), `${threads} threads`).toEqual(one);
    },
  );

  it('gives the same bits when it is run again', async () =>
    expect(await trainSteps(native(isas()[0]), 3)).toEqual(await trainSteps(native(isas()[0]), 3)));
});

describe('fifty steps', () => {
  it('have losses within 1e-3 of each other on all instruction sets, and learn', async () => {
    const runs = await Promise.all(isas().map((isa) => trainSteps(native(isa), 50)));
    for (const { losses } of runs) expect(worstRatio(losses, runs[0].losses)).toBeLessThan(1e-3);
    expect(runs[0].losses[49]).toBeLessThan(0.75 * runs[0].losses[0]);
  });

  it.each(mixedForms())(
    'have losses within 2 % of float32 in mixed precision: $isa $form',
    async ({ isa, form, precision }) => {
      const [plain, mixed] = [await trainSteps(native(isa), 30), await trainSteps(native(isa, 2, form), 30, precision)];
      expect(worstRatio(mixed.losses, plain.losses)).toBeLessThan(0.02);
    },
  );
});
