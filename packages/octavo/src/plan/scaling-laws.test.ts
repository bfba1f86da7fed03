import { describe, expect, it } from 'vitest';
import {
  type ChinchillaLaw,
  chinchillaCorrected,
  chinchillaLoss,
  chinchillaOptimum,
  chinchillaPrinted,
  effectiveTokens,
  kaplanCriticalBatch,
  kaplanLoss,
  kaplanLossOfCompute,
  kaplanLossOfParameters,
  kaplanLossOfTokens,
} from './scaling-laws.js';

const exponent = ({ alpha, beta }: ChinchillaLaw) => beta / (alpha + beta);

describe('Kaplan et al. 2020', () => {
  it('gives the losses of its laws', () => {
    expect(kaplanLossOfParameters(1.5e9)).toBeCloseTo(2.3036, 4);
    expect(kaplanLossOfTokens(22e9)).toBeCloseTo(2.0992, 4);
    expect(kaplanLossOfCompute(1)).toBeCloseTo(2.6581, 4);
    expect(kaplanLoss(1e9, 1e10)).toBeCloseTo(2.4197, 4);
    expect(kaplanCriticalBatch(3) / 1e6).toBeCloseTo(1.069, 3);
  });
});

describe('Chinchilla', () => {
  const unrounded: ChinchillaLaw = { E: 1.6934, A: 406.4, B: 410.7, alpha: 0.3392, beta: 0.2849 };
  it('gives the losses as printed and as corrected', () => {
    expect(chinchillaLoss(chinchillaPrinted, 70e9, 1.4e12)).toBeCloseTo(1.9366, 4);
    expect(chinchillaLoss(chinchillaPrinted, 280e9, 300e9)).toBeCloseTo(1.9933, 4);
    expect(chinchillaLoss(chinchillaCorrected, 70e9, 1.4e12)).toBeCloseTo(1.9739, 4);
  });
  it('has the exponents of the optimum: 0.4565 unrounded, 0.5126 corrected', () => {
    expect(exponent(unrounded)).toBeCloseTo(0.4565, 4);
    expect(exponent(chinchillaCorrected)).toBeCloseTo(0.5126, 4);
  });
  it('gives the optimum for operations, and the trap of the rounded constants', () => {
    const corrected = chinchillaOptimum(chinchillaCorrected, 5.76e23);
    expect(corrected.N / 1e10).toBeCloseTo(7.225, 2);
    expect(corrected.D / 1e12).toBeCloseTo(1.329, 2);
    expect(corrected.D / corrected.N).toBeCloseTo(18.4, 1);
    const smaller = chinchillaOptimum(chinchillaCorrected, 1e21);
    expect(smaller.N / 1e9).toBeCloseTo(2.778, 2);
    expect(smaller.D / 1e10).toBeCloseTo(5.999, 2);
    const printed = chinchillaOptimum(chinchillaPrinted, 5.76e23);
    expect(printed.N / 1e10).toBeCloseTo(3.219, 2);
    // 92.65: printed tables give 92.7.
    expect(Math.abs(printed.D / printed.N - 92.7)).toBeLessThan(0.1);
  });
  it('is where no other size does better', () => {
    const { N, D } = chinchillaOptimum(chinchillaCorrected, 1e20);
    const best = chinchillaLoss(chinchillaCorrected, N, D);
    for (const factor of [0.8, 1.25])
      expect(chinchillaLoss(chinchillaCorrected, N * factor, D / factor)).toBeGreaterThan(best);
  });
  // Table 3: approach 1.
  it.each([
    [400e6, 8.0e9, 1.92e19],
    [1e9, 20.2e9, 1.21e20],
    [10e9, 205.1e9, 1.23e22],
    [67e9, 1.5e12, 5.76e23],
    [175e9, 3.7e12, 3.85e24],
    [280e9, 5.9e12, 9.9e24],
    [520e9, 11.0e12, 3.43e25],
    [1e12, 21.2e12, 1.27e26],
    [10e12, 216.2e12, 1.3e28],
  ])('table 3: 6 × %d × %d is %d within 5 %%', (N, D, C) => expect(Math.abs((6 * N * D) / C - 1)).toBeLessThan(0.05));
});

describe('effectiveTokens', () => {
  it('counts the first pass whole, few repetitions nearly so, and never more than 16.4 passes', () => {
    expect(effectiveTokens({ tokens: 50, unique: 100 })).toBe(50);
    expect(effectiveTokens({ tokens: 100, unique: 100 })).toBe(100);
    expect(effectiveTokens({ tokens: 400, unique: 100 })).toBeCloseTo(372.5, 0);
    expect(effectiveTokens({ tokens: 1e6, unique: 100 })).toBeCloseTo(1639, 9);
  });
});
