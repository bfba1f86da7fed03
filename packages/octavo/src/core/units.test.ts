import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatDuration, parseDuration } from './units.js';

describe('units', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.50 KiB'],
    [123_456_789, '118 MiB'],
  ])('prints %d bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [7, '7'],
    [999, '999'],
    [999.6, '1.00k'],
    [10_700_000, '10.7M'],
    [6e13, '60T'],
    [-1500, '-1.50k'],
  ])('prints the count %d as %s', (count, text) => expect(formatCount(count)).toBe(text));

  it.each([
    [3, '3 ms'],
    [999.7, '1.0 s'],
    [9_960, '10 s'],
    [65_000, '1m 05s'],
    [3_599_900, '1h 00m'],
    [90_000_000, '1d 01h'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('prints %d ms as %s', (time, text) => expect(formatDuration(time)).toBe(text));

  it.each([
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['', undefined],
    ['10', undefined],
    ['m', undefined],
    ['-1m', undefined],
    ['1m x', undefined],
  ])('reads %j as %s ms', (text, time) => expect(parseDuration(text)).toBe(time));
});
