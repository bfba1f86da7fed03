/** Tokenizer files that are broken or mean harm: each is refused with a reason, quickly and in bounded memory. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OctavoError } from '../core/index.js';
import { bytesToCharacters } from './byte-characters.js';
import { loadTokenizer } from './load-tokenizer.js';
import { patternText } from './patterns.js';
import { readTokenizerJson } from './read-tokenizer-json.js';
import { readTiktoken } from './tiktoken.js';
import { createTokenizer } from './tokenizer.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-hostile-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const letters = Array.from({ length: 256 }, (_, byte) => bytesToCharacters(Uint8Array.of(byte)));
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const split = (regex: string) => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false },
    { ...byteLevel, use_regex: false },
  ],
});

type Json = Record<string, unknown>;
const vocab = (): Json => Object.fromEntries([...letters, 'ab', 'abc'].map((name, id) => [name, id]));
const good = () => ({
  added_tokens: [{ id: 258, content: '<|end|>', special: true, lstrip: false }] as unknown,
  normalizer: null as unknown,
  pre_tokenizer: byteLevel as unknown,
  post_processor: null as unknown,
  decoder: null as unknown,
  truncation: null as unknown,
  model: {
    type: 'BPE' as unknown,
    dropout: null as unknown,
    unk_token: null as unknown,
    byte_fallback: false as unknown,
    continuing_subword_prefix: null as unknown,
    ignore_merges: false as unknown,
    vocab: vocab() as unknown,
    merges: ['a b', ['ab', 'c']] as unknown,
  } as unknown,
});
type File = ReturnType<typeof good>;
const changed = (change: (file: File, model: Json) => void): string => {
  const file = good();
  change(file, file.model as Json);
  return JSON.stringify(file);
};
const load = (text: string) => createTokenizer(readTokenizerJson(text, 'tokenizer.json'));

const cases: readonly (readonly [name: string, text: string, message: string])[] = [
  ['nothing', '', 'a JSON value is expected at character 0 [FILE_INVALID]'],
  ['half a file', changed(() => {}).slice(0, 200), '[FILE_INVALID]'],
  ['a list', '[]', 'tokenizer.json: an object is expected, not a list [TOKENIZER_INVALID]'],
  ['no model', '{}', 'it has no model [TOKENIZER_INVALID]'],
  ['a key twice', '{"model":{},"model":{}}', 'the key "model" comes twice'],
  ['nesting without end', `${'['.repeat(100_000)}`, 'values are nested more than 64 deep'],
  [
    'another model',
    changed((_, model) => Object.assign(model, { type: 'Unigram' })),
    'model: type: Unigram is not supported here [TOKENIZER_UNSUPPORTED]',
  ],
  [
    'dropout',
    changed((_, model) => Object.assign(model, { dropout: 0.1 })),
    'model: dropout: 0.1 is not supported here',
  ],
  [
    'byte fallback',
    changed((_, model) => Object.assign(model, { byte_fallback: true })),
    'model: byte_fallback: true is not supported here',
  ],
  [
    'a subword prefix',
    changed((_, model) => Object.assign(model, { continuing_subword_prefix: '##' })),
    'continuing_subword_prefix: ## is not supported here',
  ],
  [
    'a normalizer',
    changed((file) => Object.assign(file, { normalizer: { type: 'NFC' } })),
    'normalizer: an object is not supported here',
  ],
  [
    'truncation',
    changed((file) => Object.assign(file, { truncation: { max_length: 8 } })),
    'truncation: an object is not supported here',
  ],
  [
    'a template after',
    changed((file) => Object.assign(file, { post_processor: { type: 'TemplateProcessing' } })),
    'post_processor: type: TemplateProcessing is not supported here',
  ],
  [
    'no pre-tokenizer',
    changed((file) => Object.assign(file, { pre_tokenizer: null })),
    'pre_tokenizer: an object is expected, not null',
  ],
  [
    'a prefix space',
    changed((file) => Object.assign(file, { pre_tokenizer: { ...byteLevel, add_prefix_space: true } })),
    'add_prefix_space: true is not supported here',
  ],
  [
    'a regular expression that never ends',
    changed((file) => Object.assign(file, { pre_tokenizer: split('(a+)+$') })),
    'Regex: the pattern (a+)+$ is not one of those that are known',
  ],
  [
    'a regular expression that grows',
    changed((file) => Object.assign(file, { pre_tokenizer: split(`${'a?'.repeat(5_000)}${'a'.repeat(5_000)}`) })),
    'is not one of those that are known',
  ],
  [
    'a known pattern that removes',
    changed((file) =>
      Object.assign(file, {
        pre_tokenizer: {
          ...split(patternText.cl100k),
          pretokenizers: [
            { type: 'Split', pattern: { Regex: patternText.cl100k }, behavior: 'Removed', invert: true },
            byteLevel,
          ],
        },
      }),
    ),
    'is not supported here',
  ],
  ['no vocabulary', changed((_, model) => Object.assign(model, { vocab: {} })), '0 tokens are not within the limits'],
  [
    'a huge id',
    changed((_, model) => Object.assign(model, { vocab: { ...vocab(), abc: 2 ** 31 } })),
    'vocab: abc: an id from 0 to 1539 is expected, not 2147483648',
  ],
  [
    'a negative id',
    changed((_, model) => Object.assign(model, { vocab: { ...vocab(), abc: -1 } })),
    'an id from 0 to 1539 is expected, not -1',
  ],
  [
    'half an id',
    changed((_, model) => Object.assign(model, { vocab: { ...vocab(), abc: 1.5 } })),
    'is expected, not 1.5',
  ],
  [
    'an id twice',
    changed((_, model) => Object.assign(model, { vocab: { ...vocab(), abc: 5 } })),
    'vocab: abc: the id 5 comes twice',
  ],
  [
    'an empty token',
    changed((_, model) => Object.assign(model, { vocab: { ...vocab(), '': 258 } })),
    'a token of 0 bytes',
  ],
  [
    'an endless token',
    changed((_, model) => Object.assign(model, { vocab: { ...vocab(), ['a'.repeat(70_000)]: 258 } })),
    'a token of 70000 bytes is not within the limits',
  ],
  [
    'a token that is no bytes',
    changed((file, model) => {
      Object.assign(file, { added_tokens: [] });
      Object.assign(model, { vocab: { ...vocab(), a中: 258 } });
    }),
    'the token a中 is not made of bytes',
  ],
  [
    'a byte without a token',
    changed((file, model) => {
      Object.assign(file, { added_tokens: [] });
      Object.assign(model, { vocab: Object.fromEntries(Object.entries(vocab()).filter(([name]) => name !== 'z')) });
    }),
    'a byte has no token, and there is no unknown token',
  ],
  [
    'merges that are no list',
    changed((_, model) => Object.assign(model, { merges: {} })),
    'merges: a list is expected, not an object',
  ],
  [
    'a merge of three',
    changed((_, model) => Object.assign(model, { merges: ['a b c'] })),
    'merges[0]: two tokens are expected',
  ],
  [
    'a merge of numbers',
    changed((_, model) => Object.assign(model, { merges: [[1, 2]] })),
    'merges[0]: two tokens are expected',
  ],
  [
    'a merge of strangers',
    changed((_, model) => Object.assign(model, { merges: ['a zz'] })),
    'merges[0]: zz is not in the vocabulary',
  ],
  [
    'a merge of nothing',
    changed((_, model) => Object.assign(model, { merges: [' ab'] })),
    'merges[0]:  is not in the vocabulary',
  ],
  [
    'a merge that makes nothing known',
    changed((_, model) => Object.assign(model, { merges: ['b a'] })),
    'merges[0]: ba is not in the vocabulary',
  ],
  [
    'a merge that makes a special token',
    changed((file, model) => {
      Object.assign(file, { added_tokens: [{ id: 257, content: 'abc' }] });
      Object.assign(model, { merges: ['a b', 'ab c'] });
    }),
    'a merge would make a special token of text [TOKENIZER_INVALID]',
  ],
  [
    'an added token with another id',
    changed((file) => Object.assign(file, { added_tokens: [{ id: 300, content: '<s>' }] })),
    'the added token <s> has the id 300, but by its place in the vocabulary it is 258: readers of this file disagree',
  ],
  [
    'an added token twice',
    changed((file) =>
      Object.assign(file, {
        added_tokens: [
          { id: 258, content: '<s>' },
          { id: 259, content: '<s>' },
        ],
      }),
    ),
    'comes twice',
  ],
  [
    'an empty added token',
    changed((file) => Object.assign(file, { added_tokens: [{ id: 258, content: '' }] })),
    'is empty, too long, broken',
  ],
  [
    'half a character as added token',
    changed((file) => Object.assign(file, { added_tokens: [{ id: 258, content: '\ud800' }] })),
    'is empty, too long, broken',
  ],
  [
    'an added token that eats spaces',
    changed((file) => Object.assign(file, { added_tokens: [{ id: 258, content: '<s>', lstrip: true }] })),
    'lstrip: true is not supported here',
  ],
  [
    'an unknown token that is not there',
    changed((_, model) => Object.assign(model, { unk_token: '<unk>' })),
    'the unknown token is not in the vocabulary',
  ],
  [
    'a control character in a name',
    changed((_, model) => Object.assign(model, { merges: ['a \u001b[2J'] })),
    'merges[0]: ␛[2J is not in the vocabulary',
  ],
];

describe('a tokenizer.json', () => {
  it('that is good is read', () => {
    const tokenizer = load(changed(() => {}));
    expect([...tokenizer.encode('abcab')].map((id) => tokenizer.decode([id]))).toEqual(['abc', 'ab']);
  });

  it.each(cases)('with %s is refused', (_, text, message) => {
    const startedMs = performance.now();
    let refusal: unknown;
    try {
      load(text);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(OctavoError);
    expect(String(refusal)).toContain(message);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  it('changed at random is read or refused, never more', () => {
    const text = changed(() => {});
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(text.length - 1), fc.constantFrom(...'0129{}[]",:-eab\\\u0000')), {
          minLength: 1,
          maxLength: 4,
        }),
        (changes) => {
          const characters = [...text];
          for (const [at, character] of changes) characters[at] = character;
          try {
            const tokenizer = load(characters.join(''));
            expect(tokenizer.decode(tokenizer.encode('abcab xyz'))).toBe('abcab xyz');
          } catch (error) {
            if (!(error instanceof OctavoError)) throw error;
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('a .tiktoken file', () => {
  const ranks = Array.from({ length: 256 }, (_, byte) => `${Buffer.of(byte).toString('base64')} ${byte}`);
  const read = (...lines: readonly string[]) =>
    createTokenizer(
      readTiktoken([...ranks, ...lines].join('\n'), {
        pattern: 'gpt2',
        specialTokens: [{ content: '<s>', id: 300 }],
        where: 'file',
      }),
    );

  it('that is good is read', () => {
    const tokenizer = read('YWI= 256', '');
    expect([...tokenizer.encode('abc')]).toEqual([256, 99]);
    expect(tokenizer.vocabularySize).toBe(301);
    expect(tokenizer.decode([299])).toBe('');
  });

  it.each([
    ['words', 'hello world', 'file:257: a token in Base64 and its rank are expected, not "hello world"'],
    ['a rank twice', 'YWI= 5', 'file:257: rank 5 comes twice'],
    ['a token twice', 'YQ== 256', 'ranks 97 and 256 are the same token'],
    ['a huge rank', 'YWI= 999999999', 'rank 999999999 is beyond the limit of 4194304 tokens'],
    ['a rank far away', 'YWI= 4000000', 'ids run to 4000000, but there are only 258 tokens'],
    ['the id of a special token', 'YWI= 300', 'the id 300 of <s> is taken by another token'],
    ['an endless token', `${'YWFh'.repeat(4_000)} 256`, 'a token in Base64 and its rank are expected'],
  ])('with %s is refused', (_, line, message) => {
    expect(() => read(line)).toThrowError(message);
  });
});

describe('loadTokenizer', () => {
  const write = (name: string, contents: string | Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, contents);
    return path;
  };

  it('refuses what is no file, no text, or has no known name', async () => {
    await expect(loadTokenizer(join(folder, 'absent.json'))).rejects.toThrowError(
      /there is no such file \[FILE_UNREADABLE\]/,
    );
    await expect(loadTokenizer(folder)).rejects.toThrowError(/this is not a regular file|EISDIR/);
    await expect(loadTokenizer(write('bytes.json', Uint8Array.of(0x7b, 0xff)))).rejects.toThrowError(
      /its text is not UTF-8 \[FILE_INVALID\]/,
    );
    await expect(loadTokenizer(write('mine.tiktoken', ''))).rejects.toThrowError(/the name of this one is not known/);
  });

  it.skipIf(process.platform === 'win32')('does not wait for a pipe', async () => {
    const pipe = join(folder, 'pipe.json');
    execFileSync('mkfifo', [pipe]);
    await expect(loadTokenizer(pipe)).rejects.toThrowError(/this is not a regular file/);
  });
});
