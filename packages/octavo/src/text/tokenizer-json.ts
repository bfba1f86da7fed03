import { bytesToCharacters } from './byte-characters.js';
import { type PatternName, patternText } from './patterns.js';
import { bytesOfToken, type Vocabulary, vocabularySizeOf } from './vocabulary.js';

const byteLevel = (useRegex: boolean) => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
});

const preTokenizer = (pattern: PatternName): unknown =>
  pattern === 'gpt2'
    ? byteLevel(true)
    : {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: patternText[pattern] }, behavior: 'Isolated', invert: false },
          byteLevel(false),
        ],
      };

/**
 * A Hugging Face `tokenizer.json`, the same text for the same vocabulary. Special tokens whose ids do not follow the
 * vocabulary directly are listed in it as well: readers disagree on the id of an added token that is neither.
 */
export function writeTokenizerJson(vocabulary: Vocabulary): string {
  const size = vocabularySizeOf(vocabulary);
  const special = new Map(vocabulary.specialTokens.map(({ content, id }) => [id, content]));
  const names = Array.from({ length: size }, (_, id) => bytesToCharacters(bytesOfToken(vocabulary, id)));
  const plain = names.flatMap((name, id) => (name === '' || special.has(id) ? [] : [id]));
  const quoted = names.map((name) => JSON.stringify(name));
  const follows = vocabulary.specialTokens.every(({ id }, index) => id === plain.length + index);
  // Written by hand: an object would put keys such as "7" first.
  const entries = names.flatMap((name, id) => {
    const content = special.get(id);
    if (content !== undefined) return follows ? [] : [`${JSON.stringify(content)}:${id}`];
    return name === '' ? [] : [`${quoted[id]}:${id}`];
  });
  const merges: string[] = [];
  for (let at = 0; at < vocabulary.merges.length; at += 3)
    merges.push(
      `[${quoted[vocabulary.merges[at] ?? size] ?? '""'},${quoted[vocabulary.merges[at + 1] ?? size] ?? '""'}]`,
    );
  const head = JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: vocabulary.specialTokens.map(({ id, content }) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: preTokenizer(vocabulary.pattern),
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  });
  const model = JSON.stringify({
    type: 'BPE',
    dropout: null,
    unk_token: vocabulary.unknown === undefined ? null : (special.get(vocabulary.unknown) ?? names[vocabulary.unknown]),
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: vocabulary.wholeWordsFirst,
  });
  return `${head.slice(0, -1)},"model":${model.slice(0, -1)},"vocab":{${entries.join(',\n')}},"merges":[${merges.join(',\n')}]}}\n`;
}
