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

/** No word: data. On such runs the time that winkNLP takes goes by the square of their length or worse. */
const endless = /\S{129,}/g;

/** English by winkNLP and its model: words as the treebanks cut them (do n't), parts of speech, lemmas in small letters. */
export function englishAnalyser(): Analyse {
  const [wink, model] = loadPeers(['wink-nlp', 'wink-eng-lite-web-model']);
  const { readDoc, its } = Module.parse(wink)(model, ['sbd', 'pos']);
  return (text) => {
    const words: string[] = [];
    const lemmas: string[] = [];
    const pos: PartOfSpeech[] = [];
    const put = (word: string, lemma: string, tag: PartOfSpeech): void => {
      words.push(word);
      lemmas.push(lemma);
      pos.push(tag);
    };
    const analyse = (part: string): void => {
      const tokens = readDoc(part).tokens();
      const tags = tokens.out(its.pos);
      const base = tokens.out(its.lemma);
      for (const [at, word] of tokens.out().entries()) {
        const tag = tags[at] ?? 'X';
        if (tag !== 'SPACE') put(word, base[at] ?? word, isPartOfSpeech(tag) ? tag : 'X');
      }
    };
    let from = 0;
    for (const { 0: run, index } of text.matchAll(endless)) {
      analyse(text.slice(from, index));
      put(run, run, 'X');
      from = index + run.length;
    }
    analyse(text.slice(from));
    return { words, lemmas, pos };
  };
}
