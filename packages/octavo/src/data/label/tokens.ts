import type { Span } from './kinds.js';

export interface Token {
  readonly start: number;
  readonly end: number;
}

/** A Chinese, Japanese or Thai letter, a run of other letters and digits, or any other sign that is not space. */
const tokenPattern =
  /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}]|(?:(?![\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}])[\p{L}\p{M}\p{N}_])+|[^\s]/gu;

/** The words and signs of a text, cut also where `cuts` say. */
export const tokensOf = (text: string, cuts: readonly number[] = []): readonly Token[] => {
  const at = [...new Set(cuts)].toSorted((one, other) => one - other);
  return [...text.matchAll(tokenPattern)].flatMap(({ index, 0: word }) => {
    const ends = [index, ...at.filter((cut) => cut > index && cut < index + word.length), index + word.length];
    return ends.slice(0, -1).map((start, part) => ({ start, end: ends[part + 1] ?? start }));
  });
};

/** The label of each word of a text: that of the first span that touches it, or O. */
export const tokenLabels = (text: string, spans: readonly Span[]): readonly string[] =>
  tokensOf(text).map(({ start, end }) => spans.find((span) => span.start < end && span.end > start)?.label ?? 'O');
