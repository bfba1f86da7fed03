import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prose } from '../step.test-support.js';
import { judgeText } from './judge-text.js';
import { normaliseText } from './normalise-text.js';

describe('normaliseText', () => {
  it.each([
    ['cafe\u0301', 'café', 'composed'],
    ['a\r\nb\rc\u2028d', 'a\nb\nc\nd', 'line ends'],
    ['a\u00a0b\u3000c', 'a b c', 'spaces'],
    ['a\u200bb\u00adc\ufeffd', 'abcd', 'invisible characters'],
    ['a\u0007b\u001b[1mc', 'ab[1mc', 'control characters'],
    ['  a  \n\n\n\n\tb  ', 'a\n\n\tb', 'white space'],
    ['“Loomings”—never', '“Loomings”—never', 'quotation marks and dashes stay'],
    ['他说：“你好。”', '他说：“你好。”', 'Chinese stays'],
    ['👩‍👩‍👧', '👩‍👩‍👧', 'joined emoji stay'],
    ['pay\u202epal \u2066x\u2069 a\u200fb', 'paypal x ab', 'directions'],
    ['שלום \u200fabc', 'שלום \u200fabc', 'directions beside Hebrew'],
    ['vi\u200dag\u200cra', 'viagra', 'joiners between Latin letters'],
    ['می\u200cخواهم', 'می\u200cخواهم', 'joiners of Persian'],
  ])('%j gives %j: %s', (text, expected) => {
    expect(normaliseText(text)).toBe(expected);
  });

  it('changes nothing the second time, and leaves NFC', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = normaliseText(text);
        expect(normaliseText(once)).toBe(once);
        expect(once.normalize('NFC')).toBe(once);
      }),
      { numRuns: 150 },
    );
  });
});

describe('judgeText', () => {
  const reason = (text: string) => {
    const verdict = judgeText(text, normaliseText(text), { minCharacters: 20 });
    return verdict.kind === 'kept' ? 'kept' : verdict.reason;
  };
  const garbled = Buffer.from('“Où est l’été ?” — dit-elle, à côté de la fenêtre fermée. '.repeat(3)).toString(
    'latin1',
  );

  it.each([
    ['prose', prose(1), 'kept'],
    ['French', 'Où est l’été ? À côté de la fenêtre fermée, Ângela a dit : « Ça va ».', 'kept'],
    ['Chinese', '他说：“你好。”然后离开了房间，关上了门，走到街上去，再也没有回来过。', 'kept'],
    ['a replacement character', `${prose(2)} \ufffd`, 'invalid-utf8'],
    ['a lone surrogate', `${prose(2)} \ud800`, 'invalid-utf8'],
    ['a NUL', `${prose(3)}\0`, 'binary'],
    ['many control characters', `${prose(3)}${'\u0001\u0002'.repeat(40)}`, 'binary'],
    ['UTF-8 read as Latin-1', garbled, 'mojibake'],
    ['UTF-8 read as Windows-1252', 'â€œNeverâ€\u009d mindâ€”how long itâ€™s been, sheâ€™d said.', 'mojibake'],
    ['a tiny text', 'short', 'too-short'],
    ['only invisible characters', '\u200b'.repeat(100), 'too-short'],
  ])('%s: %s', (_, text, expected) => {
    expect(reason(text)).toBe(expected);
  });
});
