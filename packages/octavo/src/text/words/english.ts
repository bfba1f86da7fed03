import { z } from 'zod';
import { type Analyse, type PartOfSpeech, partsOfSpeech } from './analysis.js';
import { loadPeers } from './peer.js';

type Its = (...values: readonly unknown[]) => unknown;
interface Wink {
  readonly readDoc: (text: string) => { readonly tokens: () => { readonly out: (its?: Its) => string[] } };
  readonly its: { readonly pos: Its; readonly lemma: Its };
}
const Module = z.custom<(model: unknown, pipe: readonly string[]) => Wink>((given) => typeof given === 'function');

const known = new Set<string>(partsOfSpeech);
const isPartOfSpeech = (tag: string): tag is PartOfSpeech => known.has(tag);

/** English by winkNLP and its model: words as the treebanks cut them (do n't), parts of speech, lemmas by WordNet's exceptions. */
export function englishAnalyser(): Analyse {
  const [wink, model] = loadPeers(['wink-nlp', 'wink-eng-lite-web-model']);
  const { readDoc, its } = Module.parse(wink)(model, ['sbd', 'pos']);
  return (text) => {
    const tokens = readDoc(text).tokens();
    const tags = tokens.out(its.pos);
    const base = tokens.out(its.lemma);
    const words: string[] = [];
    const lemmas: string[] = [];
    const pos: PartOfSpeech[] = [];
    for (const [at, word] of tokens.out().entries()) {
      const tag = tags[at] ?? 'X';
      if (tag === 'SPACE') continue;
      words.push(word);
      pos.push(isPartOfSpeech(tag) ? tag : 'X');
      // Names stay as they are written.
      lemmas.push(tag === 'PROPN' ? word : (base[at] ?? word));
    }
    return { words, lemmas, pos };
  };
}
