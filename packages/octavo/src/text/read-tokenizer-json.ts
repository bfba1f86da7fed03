import { visibleLine } from '../core/index.js';
import { parseStrictJson, type StrictJson } from '../formats/index.js';
import { charactersToBytes } from './byte-characters.js';
import {
  type Field,
  field,
  idOf,
  invalid,
  isId,
  isObject,
  listOf,
  notAnId,
  objectOf,
  only,
  textOf,
  unsupported,
} from './json-fields.js';
import { tokenizerLimits } from './limits.js';
import { type PatternName, patternOfText } from './patterns.js';
import { layOut, type SpecialToken, type Vocabulary } from './vocabulary.js';

const loneSurrogate = /[\ud800-\udfff]/u;

const readByteLevel = (step: Field, useRegex: boolean): void => {
  only(field(step, 'type'), 'ByteLevel');
  only(field(step, 'add_prefix_space'), false);
  only(field(step, 'use_regex'), ...(useRegex ? [true, undefined] : [false]));
};

/** GPT-2's ByteLevel, or Split by a known pattern and then ByteLevel. A pattern that is not known is never run. */
const readPattern = (preTokenizer: Field): PatternName => {
  const type = textOf(field(preTokenizer, 'type'));
  if (type === 'ByteLevel') {
    readByteLevel(preTokenizer, true);
    return 'gpt2';
  }
  if (type !== 'Sequence')
    throw unsupported(preTokenizer.where, `the pre-tokenizer ${visibleLine(type)} is not supported`);
  const steps = field(preTokenizer, 'pretokenizers');
  const [split, byteLevel, ...more] = listOf(steps, 64);
  if (split === undefined || byteLevel === undefined || more.length > 0)
    throw unsupported(steps.where, 'only a Split and then a ByteLevel are supported');
  readByteLevel({ value: byteLevel, where: `${steps.where}[1]` }, false);
  const first = { value: split, where: `${steps.where}[0]` };
  only(field(first, 'type'), 'Split');
  only(field(first, 'behavior'), 'Isolated');
  only(field(first, 'invert'), false);
  const regex = field(field(first, 'pattern'), 'Regex');
  const pattern = patternOfText(textOf(regex));
  if (pattern === undefined)
    throw unsupported(regex.where, `the pattern ${visibleLine(textOf(regex), 60)} is not one of those that are known`);
  return pattern;
};

/** The ids of tokens as the model lists them. */
const readVocabulary = (vocab: Field): ReadonlyMap<string, number> => {
  const entries = objectOf(vocab);
  if (entries.size === 0 || entries.size > tokenizerLimits.vocabularySize)
    throw invalid(
      vocab.where,
      `${entries.size} tokens are not within the limits of 1 to ${tokenizerLimits.vocabularySize}`,
    );
  // Ids may leave gaps, but not such that a small file makes a large table.
  const below = Math.min(tokenizerLimits.vocabularySize, 2 * entries.size + 1024);
  const ids = new Map<string, number>();
  const seen = new Uint8Array(below);
  for (const [name, value] of entries) {
    // Said only in errors, but there are many tokens.
    const place = () => `${vocab.where}: ${visibleLine(name, 40)}`;
    if (name === '' || name.length > tokenizerLimits.tokenBytes)
      throw invalid(
        place(),
        `a token of ${name.length} bytes is not within the limits of 1 to ${tokenizerLimits.tokenBytes}`,
      );
    if (!isId(value, below)) throw notAnId({ value, where: place() }, below);
    if (seen[value] === 1) throw invalid(place(), `the id ${value} comes twice`);
    seen[value] = 1;
    ids.set(name, value);
  }
  return ids;
};

/** Added tokens must have the id that the vocabulary gives them, or follow it: readers disagree on any other. */
const readSpecialTokens = (added: Field, ids: ReadonlyMap<string, number>): readonly SpecialToken[] => {
  if (added.value === undefined || added.value === null) return [];
  let next = ids.size;
  const seen = new Set<string>();
  return listOf(added, tokenizerLimits.specialTokens).map((value, index) => {
    const token: Field = { value, where: `${added.where}[${index}]` };
    const content = textOf(field(token, 'content'));
    if (content === '' || content.length > 1024 || loneSurrogate.test(content) || seen.has(content))
      throw invalid(
        token.where,
        `${visibleLine(JSON.stringify(content), 60)} is empty, too long, broken, or comes twice`,
      );
    seen.add(content);
    for (const option of ['single_word', 'lstrip', 'rstrip']) only(field(token, option), false, undefined);
    const id = idOf(field(token, 'id'), tokenizerLimits.vocabularySize);
    const listed = ids.get(content);
    const expected = listed ?? next;
    if (listed === undefined) next += 1;
    if (id !== expected)
      throw invalid(
        token.where,
        `the added token ${visibleLine(content, 60)} has the id ${id}, but by its place in the vocabulary it is ${expected}: readers of this file disagree`,
      );
    return { content, id };
  });
};

/** Where it is, is said only in errors: there are many merges. */
const parts = (value: StrictJson, place: () => string): readonly [string, string] => {
  if (typeof value === 'string') {
    const [left, right, ...more] = value.split(' ', 3);
    if (left !== undefined && right !== undefined && more.length === 0) return [left, right];
  } else if (Array.isArray(value) && value.length === 2) {
    const [left, right] = value;
    if (typeof left === 'string' && typeof right === 'string') return [left, right];
  }
  throw invalid(place(), 'two tokens are expected');
};

const readMerges = (merges: Field, ids: ReadonlyMap<string, number>): Uint32Array => {
  const list = listOf(merges, tokenizerLimits.merges);
  const table = new Uint32Array(list.length * 3);
  for (const [rank, value] of list.entries()) {
    const place = () => `${merges.where}[${rank}]`;
    const [left, right] = parts(value, place);
    const idOfPart = (name: string): number => {
      const id = ids.get(name);
      if (id === undefined) throw invalid(place(), `${visibleLine(name, 40)} is not in the vocabulary`);
      return id;
    };
    table[rank * 3] = idOfPart(left);
    table[rank * 3 + 1] = idOfPart(right);
    table[rank * 3 + 2] = idOfPart(left + right);
  }
  return table;
};

const readBytes = (model: Field, ids: ReadonlyMap<string, number>, specialTokens: readonly SpecialToken[]) => {
  const special = new Set(specialTokens.map(({ id }) => id));
  const tokens = new Map<number, Uint8Array>();
  let size = 0;
  for (const [name, id] of ids) {
    size = Math.max(size, id + 1);
    if (special.has(id)) continue;
    const bytes = charactersToBytes(name);
    if (bytes === undefined)
      throw unsupported(
        model.where,
        `the token ${visibleLine(name, 40)} is not made of bytes: this is no byte-level vocabulary`,
      );
    tokens.set(id, bytes);
  }
  for (const { content, id } of specialTokens) {
    size = Math.max(size, id + 1);
    tokens.set(id, new TextEncoder().encode(content));
  }
  return layOut(tokens, size);
};

const readUnknown = (model: Field, ids: ReadonlyMap<string, number>): number | undefined => {
  const unknown = field(model, 'unk_token');
  if (unknown.value === undefined || unknown.value === null || unknown.value === '') return undefined;
  const id = ids.get(textOf(unknown));
  if (id === undefined) throw invalid(unknown.where, 'the unknown token is not in the vocabulary');
  only(field(model, 'fuse_unk'), false, undefined);
  return id;
};

/**
 * Reads a Hugging Face `tokenizer.json` that holds byte-level BPE with a known pattern; everything else is refused, not
 * approximated. Errors: FILE_INVALID, TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED.
 */
export function readTokenizerJson(text: string, where: string): Vocabulary {
  const root: Field = { value: parseStrictJson(text, { where }), where };
  const model = field(root, 'model');
  if (!isObject(model.value)) throw invalid(where, 'it has no model');
  only(field(model, 'type'), 'BPE', undefined);
  for (const name of ['truncation', 'padding', 'normalizer']) only(field(root, name), null, undefined);
  for (const name of ['post_processor', 'decoder']) {
    const part = field(root, name);
    if (part.value !== null && part.value !== undefined) only(field(part, 'type'), 'ByteLevel');
  }
  only(field(model, 'dropout'), null, undefined);
  only(field(model, 'byte_fallback'), false, undefined);
  for (const name of ['continuing_subword_prefix', 'end_of_word_suffix']) only(field(model, name), null, '', undefined);
  const pattern = readPattern(field(root, 'pre_tokenizer'));
  const ids = readVocabulary(field(model, 'vocab'));
  const specialTokens = readSpecialTokens(field(root, 'added_tokens'), ids);
  const merges = readMerges(field(model, 'merges'), ids);
  const ignoreMerges = field(model, 'ignore_merges');
  only(ignoreMerges, true, false, undefined);
  const unknown = readUnknown(model, ids);
  return {
    pattern,
    wholeWordsFirst: ignoreMerges.value === true,
    ...readBytes(model, ids, specialTokens),
    merges,
    specialTokens,
    ...(unknown === undefined ? {} : { unknown }),
  };
}
