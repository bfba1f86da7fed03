import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { englishAndCode, manyLanguages } from './texts.test-support.js';
import type { Tokenizer } from './tokenizer.js';
import { type TrainingProgress, trainTokenizer } from './train.js';

interface PeerTokenizer {
  readonly setPreTokenizer: (preTokenizer: unknown) => void;
  readonly train: (files: readonly string[]) => void;
  readonly save: (path: string) => void;
}
const peer = createRequire(import.meta.url)('tokenizers') as {
  readonly Tokenizer: new (model: unknown) => PeerTokenizer;
  readonly BPE: { readonly empty: () => unknown };
  readonly byteLevelPreTokenizer: (addPrefixSpace: boolean, useRegex: boolean) => unknown;
};

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-train-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mergesIn = (json: string): string[] => {
  const { model } = JSON.parse(json) as { readonly model: { readonly merges: readonly (string | string[])[] } };
  return model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
};
const mergesOf = (tokenizer: Tokenizer): string[] => mergesIn(tokenizer.toJson());

/** Merges of Hugging Face's trainer with its defaults: GPT-2's pattern, 30,000 tokens, no least frequency. It reads by line. */
const peerMerges = (text: string): string[] => {
  const file = join(folder, 'text.txt');
  writeFileSync(file, text);
  const tokenizer = new peer.Tokenizer(peer.BPE.empty());
  tokenizer.setPreTokenizer(peer.byteLevelPreTokenizer(false, true));
  tokenizer.train([file]);
  tokenizer.save(join(folder, 'peer.json'));
  return mergesIn(readFileSync(join(folder, 'peer.json'), 'utf8'));
};
const lines = (text: string): string[] => text.split(/(?<=\n)/);

const base = { pattern: 'gpt2', threads: 2, minimumFrequency: 1, specialTokens: [] } as const;
const byLine = (text: string, vocabularySize: number) =>
  trainTokenizer({ ...base, texts: lines(text), vocabularySize });

describe('trainTokenizer', () => {
  it('learns the merges of the course corpus', async () => {
    const counts = { hug: 10, pug: 5, pun: 12, bun: 4, hugs: 5 };
    const texts = Object.entries(counts).flatMap(([word, count]) => Array.from({ length: count }, () => word));
    const tokenizer = await trainTokenizer({ ...base, texts, vocabularySize: 256 + 3 });
    expect(mergesOf(tokenizer)).toEqual(['u g', 'u n', 'h ug']);
    const pieces = (text: string) => [...tokenizer.encode(text)].map((id) => tokenizer.decode([id]));
    expect(['bug', 'hugs', 'pun'].map(pieces)).toEqual([
      ['b', 'ug'],
      ['hug', 's'],
      ['p', 'un'],
    ]);
  });

  it.each([
    ['English and code', () => englishAndCode(400_000), 9_000],
    ['ten languages', () => manyLanguages(30_000), 9_000],
  ])('learns what Hugging Face learns from %s', async (_, text, vocabularySize) => {
    const theirs = peerMerges(text());
    const ours = mergesOf(await byLine(text(), vocabularySize));
    expect(ours.length).toBeGreaterThan(7_000);
    expect(ours).toEqual(theirs.slice(0, ours.length));
  });

  it('learns what Hugging Face learns where tokens arise in several ways', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'aa', 'aba'), minLength: 1, maxLength: 12 }), {
          minLength: 1,
          maxLength: 12,
        }),
        async (words) => {
          const text = words.join('\n');
          expect(mergesOf(await byLine(text, 2_000))).toEqual(peerMerges(text));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('does not depend on threads, batches or the order of texts', async () => {
    const texts = lines(`${manyLanguages(8_000)}\n${englishAndCode(100_000)}`);
    const train = (threads: number, of: readonly string[]) =>
      trainTokenizer({ texts: of, vocabularySize: 3_000, pattern: 'o200k', threads });
    const hashes = await Promise.all([
      train(1, texts),
      train(2, texts),
      train(3, texts),
      train(7, texts),
      train(2, texts.toReversed()),
    ]);
    expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(1);
  });

  it('counts its special tokens into the vocabulary and tells how far it is', async () => {
    const progress: TrainingProgress[] = [];
    const tokenizer = await trainTokenizer({
      texts: [englishAndCode(60_000)],
      vocabularySize: 512,
      pattern: 'cl100k',
      threads: 1,
      onProgress: (one) => progress.push(one),
    });
    expect(tokenizer.vocabularySize).toBe(512);
    expect(tokenizer.specialTokens.map(({ id }) => id)).toEqual([507, 508, 509, 510, 511]);
    expect(progress[0]).toEqual({ kind: 'counting', texts: 1, characters: 60_000 });
    expect(progress.at(-1)).toEqual({ kind: 'merging', tokens: 507, of: 507 });
  });

  it('stops where no pair is left', async () => {
    const tokenizer = await trainTokenizer({ ...base, texts: ['ab ab'], vocabularySize: 1_000 });
    expect(tokenizer.vocabularySize).toBe(258);
    expect((await trainTokenizer({ ...base, texts: [], vocabularySize: 1_000 })).vocabularySize).toBe(256);
  });

  it('stays near-linear on one endless word', async () => {
    const letters = Array.from({ length: 1 << 19 }, (_, at) => 'ACGT'.charAt((at * 2_654_435_761) >>> 30)).join('');
    const startedMs = performance.now();
    await trainTokenizer({ ...base, texts: [letters, 'a'.repeat(1 << 19)], vocabularySize: 2_000 });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it('refuses a vocabulary without room, and stops when asked', async () => {
    await expect(trainTokenizer({ ...base, texts: [], vocabularySize: 100 })).rejects.toThrowError(
      /a vocabulary of 100 has no room.*USAGE/s,
    );
    await expect(
      trainTokenizer({ ...base, texts: ['a b'], vocabularySize: 300, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
