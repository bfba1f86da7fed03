import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openTexts, tokenIds, writeDocuments } from '../formats/index.js';
import { published } from './ranks.test-support.js';
import { createStreamDecoder } from './stream-decoder.js';
import { englishAndCode, manyLanguages } from './texts.test-support.js';
import type { Tokenizer } from './tokenizer.js';
import { trainTokenizer } from './train.js';

const tokenizers: Tokenizer[] = [];
beforeAll(async () => {
  for (const pattern of ['gpt2', 'o200k'] as const)
    tokenizers.push(
      await trainTokenizer({
        texts: [englishAndCode(100_000), manyLanguages(5_000)],
        vocabularySize: 2_000,
        pattern,
        threads: 2,
      }),
    );
  tokenizers.push(published('cl100k_base'));
});

const each = (check: (tokenizer: Tokenizer) => void) => {
  expect(tokenizers).toHaveLength(3);
  for (const tokenizer of tokenizers) check(tokenizer);
};
const strings = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({
    unit: fc.constantFrom('a', 'the', ' ', '\n', '中', '😀', '\ud800', '\udc00', '\ufeff', "'s", '<|end|>', '0'),
    maxLength: 60,
  }),
);

describe('a tokenizer', () => {
  it('gives back every text', () => {
    each((tokenizer) =>
      fc.assert(
        fc.property(strings, (text) => {
          expect(tokenizer.decode(tokenizer.encode(text))).toBe(Buffer.from(text).toString());
        }),
        { numRuns: 1_000 },
      ),
    );
  });

  it('gives back any bytes', () => {
    each((tokenizer) =>
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
          expect(Buffer.from(tokenizer.decodeBytes(tokenizer.encode(bytes))).equals(bytes)).toBe(true);
        }),
        { numRuns: 500 },
      ),
    );
  });

  it('gives the same ids for a string, for its UTF-8, and in a batch on any number of threads', () => {
    const texts = [...manyLanguages(400).split('\n'), '', englishAndCode(5_000), 'x\ud800y'];
    each((tokenizer) => {
      const ids = texts.map((text) => [...tokenizer.encode(text)]);
      expect(texts.map((text) => [...tokenizer.encode(new TextEncoder().encode(text))])).toEqual(ids);
      for (const threads of [1, 2, 3, 7])
        expect(tokenizer.encodeBatch(texts, { threads }).map((one) => [...one])).toEqual(ids);
      expect(tokenizer.encodeBatch([])).toEqual([]);
    });
  });

  it('gives the same ids for the texts of a table, one after another, on any number of threads', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'octavo-joined-'));
    const path = join(folder, 'texts.parquet');
    const texts = [
      ...fc.sample(strings, 300),
      ...['', 'a text of 12', 'one of 13 has', '<|endoftext|>', englishAndCode(5_000), manyLanguages(400)],
    ];
    const rows = texts.map((text) => ({ text }));
    await writeDocuments(path, { columns: { text: 'text' } }, rows);
    const table = await openTexts([path]);
    try {
      for (const tokenizer of tokenizers)
        for (const threads of [1, 3]) {
          const expected = tokenizer.encodeBatch(texts).flatMap((ids) => [...ids, 5]);
          const vectors = await table.texts(path, { from: 0, count: texts.length });
          const joined = await tokenizer.encodeJoined(vectors, { after: 5, threads });
          for (const { release } of vectors) release();
          expect(joined.BYTES_PER_ELEMENT).toBe(tokenIds(tokenizer.vocabularySize, 0).BYTES_PER_ELEMENT);
          expect([...joined]).toEqual(expected);
        }
    } finally {
      table.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('never makes a special token of text, unless asked', () => {
    each((tokenizer) => {
      for (const { content, id } of tokenizer.specialTokens) {
        const text = `a ${content}${content} b`;
        expect([...tokenizer.encode(text)]).not.toContain(id);
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
        const ids = [...tokenizer.encodeWithSpecialTokens(text)];
        expect(ids.filter((one) => one === id)).toHaveLength(2);
        expect(tokenizer.decode(ids)).toBe(text);
      }
    });
  });

  it('merges long pieces as it merges short ones', () => {
    // The same word beyond and below the length at which the method changes, seen through the merges of its pieces.
    each((tokenizer) =>
      fc.assert(
        fc.property(
          fc.string({ unit: fc.constantFrom('a', 'b', 'e', 'th', 'in', 'er'), minLength: 10, maxLength: 60 }),
          (word) => {
            const ids = [...tokenizer.encode(word)];
            expect(ids).toEqual(slowly(tokenizer, word));
          },
        ),
        { numRuns: 150 },
      ),
    );
  });

  it('refuses ids outside the vocabulary', () => {
    each((tokenizer) => {
      const { vocabularySize } = tokenizer;
      expect(() => tokenizer.decode([vocabularySize])).toThrowError(
        `token id ${vocabularySize} is not in the vocabulary [TOKENIZER_INVALID]`,
      );
      expect(() => tokenizer.decode([-1])).toThrowError(/TOKENIZER_INVALID/);
      expect(tokenizer.tokenBytes(vocabularySize)).toHaveLength(0);
    });
  });
});

interface Merges {
  readonly vocab: Readonly<Record<string, number>>;
  readonly ranks: ReadonlyMap<string, number>;
  readonly wholeFirst: boolean;
}
const known = new Map<Tokenizer, Merges>();
const mergesOf = (tokenizer: Tokenizer): Merges => {
  const before = known.get(tokenizer);
  if (before !== undefined) return before;
  const { model } = JSON.parse(tokenizer.toJson()) as {
    readonly model: {
      readonly vocab: Record<string, number>;
      readonly merges: [string, string][];
      readonly ignore_merges: boolean;
    };
  };
  const ranks = new Map(model.merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
  const merges = { vocab: model.vocab, ranks, wholeFirst: model.ignore_merges };
  known.set(tokenizer, merges);
  return merges;
};

/** One merge after another over the whole word: the definition. */
const slowly = (tokenizer: Tokenizer, word: string): number[] => {
  const { vocab, ranks, wholeFirst } = mergesOf(tokenizer);
  const whole = vocab[word];
  if (wholeFirst && whole !== undefined) return [whole];
  let tokens = [...word];
  while (true) {
    let best = Number.POSITIVE_INFINITY;
    let at = -1;
    for (let index = 0; index + 1 < tokens.length; index += 1) {
      const rank = ranks.get(`${tokens[index]} ${tokens[index + 1]}`) ?? Number.POSITIVE_INFINITY;
      if (rank < best) [best, at] = [rank, index];
    }
    if (at < 0) return tokens.map((token) => vocab[token] ?? -1);
    tokens = [...tokens.slice(0, at), `${tokens[at]}${tokens[at + 1]}`, ...tokens.slice(at + 2)];
  }
};

/** Processor time, which other work on the machine does not lengthen. */
const processorMs = (act: () => void): number => {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

describe('the worst texts', () => {
  const random = Uint8Array.from({ length: 1 << 20 }, (_, at) => Math.imul(at + 1, 2_654_435_761) >>> 24);
  it.each<readonly [string, string | Uint8Array]>([
    ['one letter', 'a'.repeat(1 << 20)],
    ['spaces', ' '.repeat(1 << 20)],
    ['combining marks', '\u0301'.repeat(1 << 20)],
    ['lone surrogates', '\ud800'.repeat(1 << 20)],
    ['letters without a space', englishAndCode(1 << 20).replaceAll(/[^a-z]/g, '')],
    ['capitals after a letter without case', `${'ʰ'}${'A'.repeat(1 << 20)}`],
    ['random bytes', random],
  ])('take less than a second a MiB: %s', (_, text) => {
    each((tokenizer) => {
      expect(processorMs(() => tokenizer.encode(text))).toBeLessThan(1_000);
    });
  });

  it('take time in proportion to their length', () => {
    const fastest = (tokenizer: Tokenizer, length: number) => {
      const text = 'ab'.repeat(length / 2);
      return Math.min(
        ...Array.from({ length: 5 }, () => {
          return processorMs(() => tokenizer.encode(text));
        }),
      );
    };
    each((tokenizer) => expect(fastest(tokenizer, 1 << 19) / fastest(tokenizer, 1 << 18)).toBeLessThan(4));
  });

  it('take no longer in a batch than one by one', () => {
    const sample = englishAndCode(3_000);
    const texts = Array.from({ length: 1_000 }, (_, at) => `${sample}${at}`);
    each((tokenizer) => {
      const fastest = (act: () => void) => Math.min(...Array.from({ length: 3 }, () => processorMs(act)));
      const single = fastest(() => texts.map((text) => tokenizer.encode(text)));
      expect(fastest(() => tokenizer.encodeBatch(texts)) / single).toBeLessThan(2);
    });
  });
});

describe('createStreamDecoder', () => {
  it('gives the whole text, a piece at a time, and never half a character', () => {
    each((tokenizer) =>
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 60 }).map((bytes) => tokenizer.encode(bytes)),
          (ids) => {
            const decoder = createStreamDecoder(tokenizer);
            const pieces = [...ids].map((id) => decoder.push(id));
            expect(pieces.join('') + decoder.end()).toBe(tokenizer.decode(ids));
          },
        ),
      ),
    );
    each((tokenizer) =>
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
          const decoder = createStreamDecoder(tokenizer);
          for (const id of tokenizer.encode(text)) {
            const piece = decoder.push(id);
            expect(Buffer.from(piece).toString()).toBe(piece);
            expect(text).toContain(piece);
          }
          expect(decoder.end()).toBe('');
        }),
      ),
    );
  });

  it('says where a character never became whole', () => {
    each((tokenizer) => {
      const decoder = createStreamDecoder(tokenizer);
      const pieces = [...tokenizer.encode(Uint8Array.of(0xe4, 0xb8))].map((id) => decoder.push(id));
      expect(pieces.join('')).toBe('');
      expect(decoder.end()).toBe('\ufffd');
    });
  });
});
