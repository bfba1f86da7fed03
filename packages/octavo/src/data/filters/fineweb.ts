import { z } from 'zod';
import { characterBits, terminal } from './characters.js';
import { repeatedStrings } from './repeats.js';
import { codePoints, type TextStatistics } from './text-statistics.js';
import { above, below, type Dropped } from './verdict.js';

const share = (value: number) => z.number().min(0).max(1).default(value);

/** FineWeb's own thresholds. Source: Penedo et al. 2024 (arXiv 2406.17557), §3.6. */
export const finewebFields = {
  minLinesWithPunctuation: share(0.12).describe('Share of lines that end a sentence: fineweb.line_punctuation.'),
  shortLineCharacters: z.number().int().min(1).default(30).describe('A line of at most so many is short.'),
  maxShortLines: share(0.67).describe('Share of short lines: fineweb.short_lines.'),
  maxDuplicateLineCharacters: share(0.01).describe(
    'Share of characters in lines that occurred before: fineweb.duplicate_line_characters.',
  ),
  maxNewlinesPerWord: z.number().min(0).default(0.3).describe('Line ends for each word: fineweb.newlines.'),
} as const;

export type FineWeb = z.infer<z.ZodObject<typeof finewebFields>>;

export const finewebReasons = [
  'fineweb.empty',
  'fineweb.line_punctuation',
  'fineweb.short_lines',
  'fineweb.duplicate_line_characters',
  'fineweb.newlines',
] as const;
type Reason = (typeof finewebReasons)[number];

const bits = characterBits();
const wideTerminal = /\p{Sentence_Terminal}$/u;

function endsSentence(line: string): boolean {
  const last = line.charCodeAt(line.length - 1);
  if (last >= 0xdc00 && last <= 0xdfff) return wideTerminal.test(line);
  return ((bits[last] ?? 0) & terminal) !== 0;
}

/** The first of FineWeb's rules that a text breaks. */
export function fineweb(of: TextStatistics, rules: FineWeb): Dropped<Reason> | undefined {
  const every = of.text.split('\n');
  const lines = every.filter((line) => line.trim() !== '');
  if (lines.length === 0) return { reason: 'fineweb.empty', detail: 'no line with text' };
  const ended = lines.filter(endsSentence).length / lines.length;
  if (ended < rules.minLinesWithPunctuation)
    return below('fineweb.line_punctuation', ended, rules.minLinesWithPunctuation);
  const isShort = (line: string): boolean =>
    line.length <= rules.shortLineCharacters ||
    (line.length <= 2 * rules.shortLineCharacters && codePoints(line, 0, line.length) <= rules.shortLineCharacters);
  const short = lines.filter(isShort).length / lines.length;
  if (short > rules.maxShortLines) return above('fineweb.short_lines', short, rules.maxShortLines);
  const newlines = every.length - 1;
  const repeated = repeatedStrings(lines).characters / Math.max(1, of.characters - newlines);
  if (repeated > rules.maxDuplicateLineCharacters)
    return above('fineweb.duplicate_line_characters', repeated, rules.maxDuplicateLineCharacters);
  const perWord = newlines / Math.max(1, of.words.count);
  return perWord > rules.maxNewlinesPerWord ? above('fineweb.newlines', perWord, rules.maxNewlinesPerWord) : undefined;
}
