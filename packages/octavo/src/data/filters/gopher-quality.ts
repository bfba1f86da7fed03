import { z } from 'zod';
import { letter, punctuation } from './characters.js';
import { codePoints, type TextStatistics } from './text-statistics.js';
import { above, below, type Dropped } from './verdict.js';

const share = (value: number) => z.number().min(0).max(1).default(value);

/** Thresholds of Gopher's quality rules. Source: Rae et al. 2021 (arXiv 2112.11446), appendix A.1. */
export const gopherQualityFields = {
  minWords: z.number().int().min(0).default(50).describe('Fewer words: dropped as gopher.too_few_words.'),
  maxWords: z.number().int().min(1).default(100_000).describe('More words: gopher.too_many_words.'),
  minMeanWordLength: z.number().min(0).default(3).describe('Mean characters a word, marks aside: gopher.short_words.'),
  maxMeanWordLength: z.number().min(0).default(10).describe('gopher.long_words.'),
  maxSymbolRatio: z.number().min(0).default(0.1).describe('# or … for each word: gopher.symbol_ratio.'),
  maxBulletLines: share(0.9).describe('Share of lines that begin with • or -: gopher.bullet_lines.'),
  maxEllipsisLines: share(0.3).describe('Share of lines that end in … or ...: gopher.ellipsis_lines.'),
  minWordsWithLetter: share(0.8).describe('Share of words that hold a letter: gopher.words_with_letter.'),
  minStopWords: z.number().int().min(0).default(2).describe('How many of stopWords must occur: gopher.stop_words.'),
  stopWords: z
    .array(z.string().min(1))
    .default(['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'])
    .describe('English by default; name those of your language.'),
} as const;

export type GopherQuality = z.infer<z.ZodObject<typeof gopherQualityFields>>;

export const gopherQualityReasons = [
  'gopher.too_few_words',
  'gopher.too_many_words',
  'gopher.short_words',
  'gopher.long_words',
  'gopher.symbol_ratio',
  'gopher.bullet_lines',
  'gopher.ellipsis_lines',
  'gopher.words_with_letter',
  'gopher.stop_words',
] as const;
type Reason = (typeof gopherQualityReasons)[number];

function countOf(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) count++;
  return count;
}

/** Words that are not marks alone: how many, how long together, and words of any kind with a letter. */
function countWords({ text, words: { count, starts, ends, bits } }: TextStatistics) {
  let real = 0;
  let characters = 0;
  let withLetter = 0;
  for (let n = 0; n < count; n++) {
    const of = bits[n] ?? 0;
    if (of & letter) withLetter++;
    if (of & punctuation) continue;
    real++;
    characters += codePoints(text, starts[n] ?? 0, ends[n] ?? 0);
  }
  return { real, characters, withLetter };
}

function stopWordsIn({ text, words: { count, starts, ends } }: TextStatistics, rules: GopherQuality): number {
  const wanted = new Set(rules.stopWords);
  const longest = Math.max(0, ...rules.stopWords.map(({ length }) => length));
  const found = new Set<string>();
  for (let n = 0; n < count && found.size < rules.minStopWords; n++) {
    if ((ends[n] ?? 0) - (starts[n] ?? 0) > longest) continue;
    const word = text.slice(starts[n], ends[n]);
    if (wanted.has(word)) found.add(word);
  }
  return found.size;
}

/** The first of Gopher's quality rules that a text breaks. */
export function gopherQuality(of: TextStatistics, rules: GopherQuality): Dropped<Reason> | undefined {
  const { text, lines } = of;
  const { count } = of.words;
  const { real, characters, withLetter } = countWords(of);
  if (real < rules.minWords) return below('gopher.too_few_words', real, rules.minWords);
  if (real > rules.maxWords) return above('gopher.too_many_words', real, rules.maxWords);
  const mean = characters / Math.max(1, real);
  if (mean < rules.minMeanWordLength) return below('gopher.short_words', mean, rules.minMeanWordLength);
  if (mean > rules.maxMeanWordLength) return above('gopher.long_words', mean, rules.maxMeanWordLength);
  const perWord = (symbols: number): number => symbols / Math.max(1, count);
  const symbols = Math.max(perWord(countOf(text, '#')), perWord(countOf(text, '...') + countOf(text, '…')));
  if (symbols > rules.maxSymbolRatio) return above('gopher.symbol_ratio', symbols, rules.maxSymbolRatio);
  const shareOf = (holds: (line: string) => boolean): number => lines.filter(holds).length / Math.max(1, lines.length);
  const bullets = shareOf((line) => /^\s*[•-]/.test(line));
  if (bullets > rules.maxBulletLines) return above('gopher.bullet_lines', bullets, rules.maxBulletLines);
  const ellipses = shareOf((line) => {
    const trimmed = line.trimEnd();
    return trimmed.endsWith('...') || trimmed.endsWith('…');
  });
  if (ellipses > rules.maxEllipsisLines) return above('gopher.ellipsis_lines', ellipses, rules.maxEllipsisLines);
  const lettered = withLetter / Math.max(1, count);
  if (lettered < rules.minWordsWithLetter) return below('gopher.words_with_letter', lettered, rules.minWordsWithLetter);
  const stops = stopWordsIn(of, rules);
  return stops < rules.minStopWords ? below('gopher.stop_words', stops, rules.minStopWords) : undefined;
}
