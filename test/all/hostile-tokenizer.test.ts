/** The worst texts through a tokenizer of our own training and a published one: back byte for byte, in time by their length. */
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { published } from '../../packages/octavo/src/text/ranks.test-support.js';
import { englishAndCode } from '../../packages/octavo/src/text/texts.test-support.js';
import type { Tokenizer } from '../../packages/octavo/src/text/tokenizer.js';
import { trainTokenizer } from '../../packages/octavo/src/text/train.js';

const tokenizers = new Map<string, Tokenizer>();
beforeAll(async () => {
  const texts = [englishAndCode(1 << 20)];
  tokenizers.set('trained', await trainTokenizer({ texts, vocabularySize: 4096, pattern: 'gpt2', threads: 2 }));
  tokenizers.set('o200k_base', published('o200k_base'));
});
const each = (check: (tokenizer: Tokenizer, name: string) => void) => {
  expect(tokenizers.size).toBe(2);
  for (const [name, tokenizer] of tokenizers) check(tokenizer, name);
};

/** Processor time, which other work on the machine does not lengthen. */
const processorMs = (act: () => void): number => {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

/** What each repeats, or any bytes. */
const worst: readonly (readonly [name: string, unit: string | undefined])[] = [
  ['one letter', 'a'],
  ['spaces', ' '],
  ['line ends', '\r\n'],
  ['combining marks', '\u0301'],
  ['families of emoji', '👩‍👩‍👧‍👦'],
  ['lone surrogates', '\ud800'],
  ['surrogates in the wrong order', '\udc00\ud800'],
  ['the end of text, written out', '<|endoftext|>'],
  ['random bytes', undefined],
];
const textOf = (unit: string | undefined, bytes: number): string | Uint8Array =>
  unit === undefined
    ? Uint8Array.from({ length: bytes }, (_, at) => Math.imul(at + 1, 2_654_435_761) >>> 24)
    : unit.repeat(Math.ceil(bytes / Buffer.byteLength(unit)));

it.each(worst)('1 MiB of %s comes back, in time by its length', (_, unit) => {
  const whole = textOf(unit, 1 << 20);
  const half = textOf(unit, 1 << 19);
  each((tokenizer, name) => {
    const ids = tokenizer.encode(whole);
    expect(Buffer.from(tokenizer.decodeBytes(ids)).equals(Buffer.from(whole)), name).toBe(true);
    if (typeof whole === 'string') expect(tokenizer.decode(ids) === Buffer.from(whole).toString(), name).toBe(true);
    const times = [1, 2, 3].map(() => [
      processorMs(() => tokenizer.encode(half)),
      processorMs(() => tokenizer.encode(whole)),
    ]);
    const best = (column: 0 | 1) => Math.min(...times.map((pair) => pair[column] ?? Number.POSITIVE_INFINITY));
    // Below some milliseconds the clock is what is measured.
    expect(best(1) / Math.max(best(0), 5), name).toBeLessThan(3.5);
  });
});

it('20,000 strings of anything come back', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 60 }),
  );
  each((tokenizer, name) =>
    fc.assert(
      fc.property(anything, (text) => {
        if (tokenizer.decode(tokenizer.encode(text)) !== text.toWellFormed())
          throw new Error(`${name} gives another text back`);
      }),
      { numRuns: 20_000 },
    ),
  );
});
