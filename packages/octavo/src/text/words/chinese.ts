import { z } from 'zod';
import type { Analyse, PartOfSpeech } from './analysis.js';
import { loadPeers } from './peer.js';

interface Jieba {
  readonly tag: (text: string, hmm: boolean) => readonly { readonly word: string; readonly tag: string }[];
}
const Module = z.object({
  Jieba: z.custom<{ readonly withDict: (dictionary: Uint8Array) => Jieba }>((given) => typeof given === 'function'),
});
const Dictionary = z.object({ dict: z.instanceof(Uint8Array) });

/** Of jieba's tags (those of ICTCLAS), by the longest beginning that is listed. */
const tags: Readonly<Record<string, PartOfSpeech>> = {
  a: 'ADJ',
  ad: 'ADV',
  an: 'NOUN',
  b: 'NOUN',
  c: 'CCONJ',
  d: 'ADV',
  e: 'INTJ',
  eng: 'X',
  f: 'ADP',
  g: 'PART',
  h: 'PART',
  i: 'ADJ',
  j: 'NOUN',
  k: 'PART',
  l: 'VERB',
  m: 'NUM',
  n: 'NOUN',
  nr: 'PROPN',
  ns: 'PROPN',
  nt: 'PROPN',
  nz: 'NOUN',
  o: 'INTJ',
  p: 'ADP',
  q: 'NOUN',
  r: 'PRON',
  s: 'NOUN',
  t: 'NOUN',
  u: 'PART',
  ug: 'AUX',
  ul: 'AUX',
  uz: 'AUX',
  v: 'VERB',
  vn: 'NOUN',
  y: 'PART',
  z: 'ADJ',
  zg: 'PART',
};

const listed = (pos: PartOfSpeech, words: string) => words.split(' ').map((word) => [word, pos] as const);
/** Words of closed classes that the tags of jieba do not tell apart. */
const closed = new Map<string, PartOfSpeech>([
  ...listed('AUX', '是 为 会 能 能够 可 可以 可能 应 应该 应当 必须 须 需 需要 要 想 愿意 被 了 着 过'),
  ...listed('CCONJ', '和 与 及 以及 或 或者 并 并且 且 而 而且 但 但是 跟'),
  ...listed('SCONJ', '如果 若 因为 由于 虽然 尽管 因此 所以 当 使 即使 只要 只有 除非 不过 然而 则 就 便 也 亦 还 又'),
  ...listed('DET', '这 那 该 此 其他 其它 各 每 某 本 任何 所有 这些 那些'),
]);
const isNumber = /[\d一二三四五六七八九十百千万亿零〇两半几数]/;

function partOfSpeech(word: string, tag: string): PartOfSpeech {
  if (/^\p{P}+$/u.test(word)) return 'PUNCT';
  if (/^\p{S}+$/u.test(word)) return 'SYM';
  const own = closed.get(word);
  if (own !== undefined) return own;
  if (tag === 'm') return isNumber.test(word) ? 'NUM' : 'NOUN';
  if (/^[\d.,]+%?$/.test(word)) return 'NUM';
  return tags[tag] ?? tags[tag.slice(0, 2)] ?? tags[tag.slice(0, 1)] ?? 'X';
}

/** Chinese by jieba: its dictionary and, for words beyond it, its hidden Markov model. A word is its own lemma. */
export function chineseAnalyser(): Analyse {
  const [module] = loadPeers(['@node-rs/jieba']);
  const [dictionary] = loadPeers(['@node-rs/jieba'], '/dict.js');
  const jieba = Module.parse(module).Jieba.withDict(Dictionary.parse(dictionary).dict);
  return (text) => {
    const found = jieba.tag(text, true).filter(({ word }) => /\S/.test(word));
    const words = found.map(({ word }) => word);
    return { words, lemmas: words, pos: found.map(({ word, tag }) => partOfSpeech(word, tag)) };
  };
}
