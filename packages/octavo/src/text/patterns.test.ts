import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeText } from './native.js';
import { type PatternName, patternNames, patternNumber, patternOfText, patternText } from './patterns.js';

/** The published pattern as JavaScript can run it: modifiers written out, `\s` as Unicode has it. */
const inJavaScript = (name: PatternName): RegExp =>
  new RegExp(
    patternText[name]
      .replaceAll(/\(\?i:([^)]*)\)/g, (_, body: string) => {
        const anyCase = body.replaceAll(
          /[a-z]/g,
          (letter) => `[${letter}${letter.toUpperCase()}${letter === 's' ? 'ſ' : ''}]`,
        );
        return `(?:${anyCase})`;
      })
      .replaceAll('[^\\s', '[^\\p{White_Space}')
      .replaceAll('\\s', '\\p{White_Space}')
      .replaceAll('\\S', '\\P{White_Space}'),
    'gu',
  );

/** Where the pieces end, in bytes. */
const scan = (name: PatternName, text: string | Uint8Array): number[] => [
  ...nativeText().scan(patternNumber(name), text),
];
const endsOf = (pieces: readonly string[]): number[] => {
  let end = 0;
  return pieces.map((piece) => {
    end += Buffer.byteLength(piece);
    return end;
  });
};

const isAssigned = (code: number) => !/^\p{Cn}$/u.test(String.fromCodePoint(code));
const [ours = 0, nodes = 0] = [nativeText().unicodeVersion, process.versions.unicode].map(Number);
const comparable = nodes <= ours;
if (!comparable) console.warn(`patterns.test.ts: Node knows Unicode ${nodes}, our tables ${ours}: not compared`);

/** Every character that a pattern treats in its own way, and neighbours of it. */
const telling = fc.constantFrom(
  ...[..."'’sSſtTmMdDlLvVeErRaAzZ0159 \t\n\r\v\f/.,!-_<|>$"],
  ...['\u0085', '\u00a0', '\u2028', '\u3000', '\ufeff', '\u200b', '\u180e'],
  ...[
    'é',
    'É',
    'ǅ',
    'ʰ',
    'ª',
    '中',
    'の',
    'ก',
    '\u0301',
    '\u0488',
    '\u094d',
    'ा',
    '٣',
    '½',
    'Ⅷ',
    '😀',
    '👍🏽',
    '𝔘',
    '𝟘',
    '𐐀',
    '𐐨',
  ],
);
const anyCharacter = fc
  .integer({ min: 0, max: 0x10ffff })
  .filter((code) => (code < 0xd800 || code > 0xdfff) && isAssigned(code))
  .map((code) => String.fromCodePoint(code));
const text = fc.string({
  unit: fc.oneof({ weight: 6, arbitrary: telling }, { weight: 1, arbitrary: anyCharacter }),
  maxLength: 40,
});

describe.each(patternNames)('the scanner of %s', (name) => {
  const pattern = inJavaScript(name);
  const pieces = (value: string) => value.match(pattern) ?? [];

  it.skipIf(!comparable)('cuts as the published regular expression does', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(scan(name, value)).toEqual(endsOf(pieces(value)));
      }),
      { numRuns: 4000 },
    );
  });

  it.skipIf(!comparable)('puts every character of Unicode into the right class', () => {
    const characters: string[] = [];
    // Of the large blocks of ideographs and syllables, every hundredth.
    const large = (code: number) =>
      (code > 0x3400 && code < 0x9f00) ||
      (code > 0xac00 && code < 0xd700) ||
      (code > 0x17000 && code < 0x18a00) ||
      code > 0x20000;
    for (let code = 0; code < 0x110000; code += large(code) && large(code + 99) ? 99 : 1)
      if ((code < 0xd800 || code > 0xdfff) && isAssigned(code)) characters.push(String.fromCodePoint(code));
    // Beside a capital, a small letter, a digit, a space and a sign, each class of character shows.
    for (const around of ['A', 'a', '1', ' ', '.']) {
      const sample = characters.map((character) => `${around}${character}${around}`).join('\n');
      expect(scan(name, sample).join(' ') === endsOf(pieces(sample)).join(' ')).toBe(true);
    }
  });

  it('cuts every text into pieces that make it up again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        let from = 0;
        for (const end of scan(name, bytes)) {
          expect(end).toBeGreaterThan(from);
          from = end;
        }
        expect(from).toBe(bytes.length);
      }),
    );
  });
});

describe('patternOfText', () => {
  it('knows the published patterns and no others', () => {
    for (const name of patternNames) expect(patternOfText(patternText[name])).toBe(name);
    expect(patternOfText('(a+)+$')).toBeUndefined();
  });
});
