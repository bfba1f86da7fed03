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

function partOfSpeech(word: string, tag: string): PartOfSpeech {
  if (/^\p{P}+$/u.test(word)) return 'PUNCT';
  if (/^\p{S}+$/u.test(word)) return 'SYM';
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
