// What a step promises beside being right: the same bits for any number of threads, accumulation equal to a large batch,
// and nothing changed where numbers are not finite.
import { describe, expect, it } from 'vitest';
import { diagnoseStep } from './diagnose.js';
import { allNumbers, smallModel, smallTrainer, testBackend } from './small-model.test-support.js';

const digest = (numbers: readonly number[]): string =>
  Buffer.from(Float32Array.from(numbers).buffer).toString('base64');

describe('a training step', () => {
  it.each(['float32', 'bfloat16'] as const)('gives the same bits on 1 and 3 threads in %s', async (precision) => {
    const results = [];
    for (const threads of [1, 3]) {
      const the = smallTrainer({ precision, backend: testBackend(threads) });
      for (let step = 0; step < 5; step++) await the.step(step);
      results.push(digest(allNumbers(the)));
    }
    expect(new Set(results).size).toBe(1);
  });

  it('trains experts, matrix by matrix under Muon, with the same bits on 1 and 3 threads', async () => {
    const experts = {
      count: 4,
      active: 2,
      capacityFactor: 1.25,
      scoring: 'softmax',
      normalise: true,
      balance: 0.01,
      routerZ: 0.001,
    } as const;
    const model = { ...smallModel, feedForwardWidth: 32, experts };
    const results = [];
    for (const threads of [1, 3]) {
      const the = smallTrainer({ precision: 'bfloat16', model, backend: testBackend(threads) });
      for (let step = 0; step < 2; step++) await the.step(step);
      results.push(digest(allNumbers(the)));
    }
    expect(new Set(results).size).toBe(1);
    const the = smallTrainer({ precision: 'bfloat16', model, backend: testBackend(1) });
    const first = await the.step(0);
    let last = first;
    for (let step = 1; step < 100; step++) last = await the.step(step);
    expect(last.loss).toBeLessThan(first.loss * 0.85);
  });

  it('learns', async () => {
    const the = smallTrainer({ precision: 'bfloat16' });
    const first = await the.step(0);
    let last = first;
    for (let step = 1; step < 150; step++) last = await the.step(step);
    expect(last.loss).toBeLessThan(first.loss * 0.7);
  });

  it('accumulates gradients to those of the large batch', async () => {
    const model = { ...smallModel, dropout: 0 };
    const large = smallTrainer({ sequences: 8, model });
    const parts = smallTrainer({ sequences: 4, microBatches: 2, model });
    const [a, b] = [await large.step(0), await parts.step(0)];
    expect(b.loss).toBeCloseTo(a.loss, 5);
    expect(b.gradientNorm).toBeCloseTo(a.gradientNorm, 4);
    const [x, y] = [allNumbers(large), allNumbers(parts)];
    x.forEach((value, i) => {
      expect(Math.abs(value - (y[i] ?? Number.NaN))).toBeLessThan(2e-3);
    });
  });

  it('is not applied where a gradient is not finite, and the cause is named', async () => {
    const the = smallTrainer();
    await the.step(0);
    const name = 'parameter:blocks.1.feedForward.up.weight';
    const buffer = the.trainer.state.get(name);
    if (buffer === undefined) throw new Error(`${name} is a parameter`);
    const values = Float32Array.from(the.backend.read(buffer));
    values[17] = Number.NaN;
    the.backend.write(buffer, values);
    const before = digest(allNumbers(the));
    expect((await the.step(1)).applied).toBe(false);
    expect(digest(allNumbers(the))).toBe(before);
    const place = {
      backend: the.backend,
      shape: the.shape,
      state: the.trainer.state,
      batch: the.batchAt(1),
      step: 1,
      place: 'batch 1',
    };
    expect(await diagnoseStep(place)).toBe(`${name} holds a value that is not finite (batch 1)`);
  });

  it('names the first op that overflows', async () => {
    const the = smallTrainer({ model: { ...smallModel, dropout: 0 } });
    const buffer = the.trainer.state.get('parameter:blocks.0.feedForward.up.weight');
    if (buffer === undefined) throw new Error('the model has a feed-forward part');
    the.backend.write(
      buffer,
      Float32Array.from(the.backend.read(buffer), () => 3e38),
    );
    const place = {
      backend: the.backend,
      shape: the.shape,
      state: the.trainer.state,
      batch: the.batchAt(0),
      step: 0,
      place: 'batch 0',
    };
    expect(await diagnoseStep(place)).toMatch(/^first in linear.* in blocks\.0\.feedForward \(batch 0\)$/);
  });
});
