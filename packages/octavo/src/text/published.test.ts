/** Ids of published vocabularies, and what peers make of the same text. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { published } from './ranks.test-support.js';

const require = createRequire(import.meta.url);

interface Peer {
  readonly encode_ordinary: (text: string) => Uint32Array;
}
const tiktoken = require('tiktoken') as { readonly get_encoding: (name: string) => Peer };

const names = ['gpt2', 'cl100k_base', 'o200k_base'] as const;
const tokenizers = Object.fromEntries(names.map((name) => [name, published(name)]));
const encode = (name: (typeof names)[number], text: string) => [...(tokenizers[name]?.encode(text) ?? [])];

/** Text, then the ids of gpt2, cl100k_base and o200k_base; each agreed on by two independent implementations. */
const table: readonly (readonly [text: string, gpt2: string, cl100k: string, o200k: string])[] = [
  ['hello world', '31373 995', '15339 1917', '24912 2375'],
  [' hello', '23748', '24748', '40617'],
  ['tiktoken is great!', '83 1134 30001 318 1049 0', '83 1609 5963 374 2294 0', '83 8251 2488 382 2212 0'],
  [
    'antidisestablishmentarianism',
    '415 29207 44390 3699 1042',
    '519 85342 34500 479 8997 2191',
    '493 129901 376 160388 21203 2367',
  ],
  ['2 + 2 = 4', '17 1343 362 796 604', '17 489 220 17 284 220 19', '17 659 220 17 314 220 19'],
  ['123456789', '10163 2231 3134 4531', '4513 10961 16474', '7633 19354 29338'],
  ['   leading', '220 220 3756', '256 6522', '256 8117'],
  ['\r\n', '201 198', '319', '370'],
  ["don't DON'T", '9099 470 23917 6 51', '15357 956 45373 17773', '91418 153384'],
  [
    "I'm you're WE'LL I'LL",
    '40 1101 345 821 12887 6 3069 314 6 3069',
    '40 2846 499 2351 20255 6 4178 358 6 4178',
    '15390 7163 26919 6 7454 3413 7454',
  ],
  ['naïve café', '2616 38776 40304', '3458 38672 588 53050', '1503 9954 737 30469'],
  ['e\u0301', '68 136 223', '68 54939', '68 13430'],
  ['\u00e9t\u00e9', '25125 2634', '39883', '16406'],
  ['\ud83d\udc4d', '41840 235', '9468 239 235', '82514'],
  ['\ufdfa', '171 115 118', '171 115 118', '171 133162'],
  [
    '    if x:\n        return 1\n',
    '220 220 220 611 2124 25 198 220 220 220 220 220 220 220 1441 352 198',
    '262 422 865 512 286 471 220 16 198',
    '271 538 1215 734 309 622 220 16 198',
  ],
];

/** Letters, marks and numbers that came with Unicode 17, which tiktoken's tables, of Unicode 16, lack. */
const newRanges = String.raw`\u{88f}\u{c5c}\u{cdc}\u{1acf}-\u{1add}\u{1ae0}-\u{1aeb}\u{a7ce}\u{a7cf}\u{a7d2}\u{a7d4}\u{a7f1}\u{10940}-\u{10959}\u{10ec5}-\u{10ec7}\u{10efa}\u{10efb}\u{11b60}-\u{11b67}\u{11db0}-\u{11ddb}\u{11de0}-\u{11de9}\u{16ea0}-\u{16eb8}\u{16ebb}-\u{16ed3}\u{16ff2}-\u{16ff6}\u{187f8}-\u{187ff}\u{18d09}-\u{18d1e}\u{18d80}-\u{18df2}\u{1e6c0}-\u{1e6de}\u{1e6e0}-\u{1e6f5}\u{1e6fe}\u{1e6ff}\u{2b73a}-\u{2b73f}\u{2cea2}-\u{2cead}\u{323b0}-\u{33479}`;
const newCharacters = new RegExp(`[${newRanges}]`, 'u');

describe('published vocabularies', () => {
  it.each(table)('give the published ids of %j', (text, gpt2, cl100k, o200k) => {
    expect(encode('gpt2', text).join(' ')).toBe(gpt2);
    expect(encode('cl100k_base', text).join(' ')).toBe(cl100k);
    expect(encode('o200k_base', text).join(' ')).toBe(o200k);
  });

  it('cut a thousand spaces as published', () => {
    const spaces = ' '.repeat(1000);
    expect(names.map((name) => encode(name, spaces).length)).toEqual([1000, 9, 9]);
  });

  it('number <|endoftext|> as published, and never read it out of text', () => {
    expect(names.map((name) => tokenizers[name]?.idOfSpecial('<|endoftext|>'))).toEqual([50256, 100257, 199999]);
    expect(names.map((name) => encode(name, '<|endoftext|>').length)).toEqual([7, 7, 7]);
    expect(names.map((name) => [...(tokenizers[name]?.encodeWithSpecialTokens('a<|endoftext|>') ?? [])])).toEqual([
      [64, 50256],
      [64, 100257],
      [64, 199999],
    ]);
  });

  it.each(names)('%s agrees with tiktoken on text of many kinds', (name) => {
    const peer = tiktoken.get_encoding(name);
    const unit = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          ..." \n\taeiostnrh,.'",
          'the',
          ' and',
          'ing',
          '\n\n',
          '    ',
          '中文',
          'é',
          'ß',
          '😀',
          '12',
          "'S",
          'aaaa',
          '====',
          '--',
        ),
      },
      {
        weight: 1,
        arbitrary: fc
          .string({ unit: 'binary', minLength: 1, maxLength: 3 })
          .filter((text) => !newCharacters.test(text)),
      },
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
        expect(encode(name, text)).toEqual([...peer.encode_ordinary(text)]);
      }),
      { numRuns: 1500 },
    );
  });

  it('o200k_base agrees with tiktoken on what every character is', () => {
    const peer = tiktoken.get_encoding('o200k_base');
    const different: string[] = [];
    for (let code = 0x80; code < 0x110000; code += code < 0x3400 ? 1 : 7) {
      const character = String.fromCodePoint(code);
      if ((code >= 0xd800 && code < 0xe000) || newCharacters.test(character)) continue;
      const text = `Ab${character}Cd ${character}'S1${character}1`;
      if (encode('o200k_base', text).join() !== [...peer.encode_ordinary(text)].join())
        different.push(code.toString(16));
    }
    expect(different).toEqual([]);
  });
});
