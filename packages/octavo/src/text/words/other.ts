import type { Analyse } from './analysis.js';

/** Pieces that end at white space or a mark of the ideographs where there is one: the segmenter takes ever longer for long texts. */
const pieces = /.{1,160}(?<=[\s。、，！？；])|.{1,160}/gsu;

/** Words of any language by Unicode's rules (UAX 29), and dictionaries for Thai, Japanese and their like, as Node.js has them. */
export function unicodeAnalyser(language: string): Analyse {
  const segmenter = new Intl.Segmenter(language === '' ? 'und' : language, { granularity: 'word' });
  return (text) => ({
    words: [...text.matchAll(pieces)].flatMap(([piece]) =>
      Array.from(segmenter.segment(piece), ({ segment }) => segment).filter((word) => /\S/.test(word)),
    ),
  });
}
