import { describe, expect, it } from 'vitest';
import { displayWidth, fit, table } from './terminal.js';

describe('terminal text', () => {
  it.each([
    ['abc', 3],
    ['中文', 4],
    ['e\u0301', 1],
    ['😀', 2],
    ['\u001b[31mred\u001b[0m', 3],
    ['█▌░ ⣿ ✓', 7],
  ])('%j takes %d columns', (text, width) => expect(displayWidth(text)).toBe(width));

  it('lines up columns by what is seen', () => {
    expect(table([['中', 'b'], ['aaa', '\u001b[1mcc\u001b[0m', 'd'], ['x']])).toBe(
      '中   b\naaa  \u001b[1mcc\u001b[0m  d\nx',
    );
  });

  it('cuts before a wide character that would not fit', () => {
    expect(fit('ab中文', 6)).toBe('ab中文');
    expect(fit('ab中文', 5)).toBe('ab中…');
    expect(fit('ab中文', 4)).toBe('ab…');
  });
});
