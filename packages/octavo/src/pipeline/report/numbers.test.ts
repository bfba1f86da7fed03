import { expect, it } from 'vitest';
import { cssPercent, grouped, percent, scientific, short } from './numbers.js';

it('writes shares without making almost all into all', () => {
  expect([0, 0.0001, 0.005, 0.067, 0.9731, 0.998, 0.9998, 1].map(percent)).toEqual([
    '0 %',
    'under 0.1 %',
    '0.5 %',
    '6.7 %',
    '97 %',
    '99.8 %',
    'over 99.9 %',
    '100 %',
  ]);
});

it('writes counts, rates and lengths', () => {
  expect(grouped(1479822)).toBe('1,479,822');
  expect([8883.4, 0.272, 0.00001, 12].map(short)).toEqual(['8,883', '0.272', '1.0e-5', '12']);
  expect([scientific(6e13), scientific(1.5e-4)]).toEqual(['6.0 × 10¹³', '1.5 × 10⁻⁴']);
  expect([cssPercent(-1), cssPercent(0.25), cssPercent(7)]).toEqual(['0.00%', '25.00%', '100.00%']);
});
