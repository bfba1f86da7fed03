import { describe, expect, it } from 'vitest';
import { rateAt, type Schedule } from './schedule.js';

const nanoGpt: Schedule = { kind: 'cosine', warmupSteps: 2000, totalSteps: 600_000, floor: 0.1, decayShare: 0 };

describe('rateAt', () => {
  // The published schedule of nanoGPT: 6e-4 to 6e-5, 2,000 steps of warm-up, 600,000 in all.
  it.each([
    [0, 2.9985e-7],
    [1999, 5.997e-4],
    [2000, 6e-4],
    [301_000, 3.3e-4],
    [600_000, 6e-5],
  ])('gives nanoGPT’s rate at step %i', (step, rate) => {
    expect(6e-4 * rateAt(step, nanoGpt)).toBeCloseTo(rate, 8);
  });

  it('falls linearly to the floor', () => {
    const linear: Schedule = { kind: 'linear', warmupSteps: 0, totalSteps: 100, floor: 0, decayShare: 0 };
    expect([0, 25, 50, 100].map((step) => rateAt(step, linear))).toEqual([1, 0.75, 0.5, 0]);
  });

  it('stays at the peak, then decays over the last share', () => {
    const wsd: Schedule = { kind: 'warmup-stable-decay', warmupSteps: 10, totalSteps: 100, floor: 0, decayShare: 0.2 };
    expect([10, 50, 80, 90, 99].map((step) => rateAt(step, wsd))).toEqual([1, 1, 1, 0.5, 0.05]);
  });

  it('falls by the inverse square root of the step', () => {
    const root: Schedule = { kind: 'inverse-square-root', warmupSteps: 99, totalSteps: 1e4, floor: 0.2, decayShare: 0 };
    expect([98, 99, 399, 899, 9999].map((step) => rateAt(step, root))).toEqual([0.99, 1, 0.5, 1 / 3, 0.2]);
  });

  it('is PyTorch’s OneCycleLR(max_lr=1, total_steps=100)', () => {
    const cycle: Schedule = { kind: 'one-cycle', warmupSteps: 29, totalSteps: 100, floor: 4e-6, decayShare: 0 };
    const published = [0.04, 0.295163948, 1.0, 0.999496535, 0.58928009, 4e-6];
    expect([0, 10, 29, 30, 60, 99].map((step) => Number(rateAt(step, cycle).toFixed(9)))).toEqual(published);
  });
});
