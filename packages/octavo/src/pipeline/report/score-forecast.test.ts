import { describe, expect, it } from 'vitest';
import { type ForecastRow, judge } from './score-forecast.js';

const row: ForecastRow = { name: 'time', unit: 'milliseconds', planned: 100, measured: 100, better: 'less' };

describe('a forecast', () => {
  it('came true within a tenth, and is better or worse by its own measure beyond', () => {
    expect([90, 100, 110].map((measured) => judge({ ...row, measured }))).toEqual(Array(3).fill('as planned'));
    expect(judge({ ...row, measured: 89 })).toBe('better');
    expect(judge({ ...row, measured: 111 })).toBe('worse');
    expect(judge({ ...row, measured: 111, better: 'more' })).toBe('better');
    expect(judge({ ...row, measured: 89, better: 'more' })).toBe('worse');
    expect(judge({ ...row, measured: 89, better: 'equal' })).toBe('less');
    expect(judge({ ...row, measured: 111, better: 'equal' })).toBe('more');
  });

  it('goes by the range that was foretold, where there is one', () => {
    const bits: ForecastRow = { ...row, planned: 1.84, error: 0.02, measured: 1.86 };
    expect(judge({ ...bits, measured: 1.8599 })).toBe('as planned');
    expect(judge({ ...bits, measured: 1.87 })).toBe('worse');
    expect(judge({ ...bits, measured: 1.7 })).toBe('better');
  });

  it('waits for what has not been measured', () => {
    expect(judge({ ...row, measured: undefined })).toBe('waiting');
    expect(judge({ ...row, measured: Number.NaN })).toBe('waiting');
  });
});
