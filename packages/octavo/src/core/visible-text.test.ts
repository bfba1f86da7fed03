import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visibleLine, visibleText } from './visible-text.js';

describe('visibleText', () => {
  it.each([
    ['plain, 中文 and 😀\n\tstay', 'plain, 中文 and 😀\n\tstay'],
    ['\u001b[31mred\u001b[0m', '␛[31mred␛[0m'],
    ['\u001b]8;;http://evil\u0007click\u001b]8;;\u0007', '␛]8;;http://evil␇click␛]8;;␇'],
    ['bell\u0007 del\u007f csi\u009b2J', 'bell␇ del␡ csi<U+009B>2J'],
    ['\u202egnp.exe', '<U+202E>gnp.exe'],
    ['over\rwritten\b', 'over␍written␈'],
    ['lone \ud800 half', 'lone <U+D800> half'],
  ])('shows %j as %j', (text, visible) => expect(visibleText(text)).toBe(visible));

  it('leaves nothing that a terminal acts on', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that must be gone
        expect(visibleText(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    ));

  it('keeps a line short', () => {
    expect(visibleLine('a\nb\tc')).toBe('a⏎b c');
    expect(visibleLine('😀'.repeat(50), 10)).toBe(`${'😀'.repeat(9)}…`);
  });
});
