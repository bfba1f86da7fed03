/** Universal parts of speech: Nivre et al. 2016, https://universaldependencies.org/u/pos/. */
export const partsOfSpeech = [
  'ADJ',
  'ADP',
  'ADV',
  'AUX',
  'CCONJ',
  'DET',
  'INTJ',
  'NOUN',
  'NUM',
  'PART',
  'PRON',
  'PROPN',
  'PUNCT',
  'SCONJ',
  'SYM',
  'VERB',
  'X',
] as const;
export type PartOfSpeech = (typeof partsOfSpeech)[number];

/** The words of a text and, item by item beside them, what is known of each. No word holds white space alone. */
export interface Analysis {
  readonly words: readonly string[];
  readonly lemmas?: readonly string[];
  readonly pos?: readonly PartOfSpeech[];
}
export type Analyse = (text: string) => Analysis;
