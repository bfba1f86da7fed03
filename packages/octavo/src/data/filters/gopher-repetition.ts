import { z } from 'zod';
import { repeatedStrings } from './repeats.js';
import type { TextStatistics } from './text-statistics.js';
import { above, type Dropped } from './verdict.js';

const share = (value: number) => z.number().min(0).max(1).default(value);

/** Thresholds of Gopher's repetition rules. Source: Rae et al. 2021 (arXiv 2112.11446), table A1. */
export const gopherRepetitionFields = {
  maxDuplicateLines: share(0.3).describe('Share of lines that occurred before: gopher.duplicate_lines.'),
  maxDuplicateParagraphs: share(0.3).describe('The same of paragraphs: gopher.duplicate_paragraphs.'),
  maxDuplicateLineCharacters: share(0.2).describe('The characters of such lines: gopher.duplicate_line_characters.'),
  maxDuplicateParagraphCharacters: share(0.2).describe('gopher.duplicate_paragraph_characters.'),
  maxTopRuns: z
    .array(z.number().min(0).max(1))
    .length(3)
    .default([0.2, 0.18, 0.16])
    .describe('Share of characters in the run of 2, 3 and 4 words that occurs most often: gopher.top_runs.'),
  maxDuplicateRuns: z
    .array(z.number().min(0).max(1))
    .length(6)
    .default([0.15, 0.14, 0.13, 0.12, 0.11, 0.1])
    .describe('Share of characters in runs of 5 to 10 words that occurred before: gopher.duplicate_runs.'),
} as const;

export type GopherRepetition = z.infer<z.ZodObject<typeof gopherRepetitionFields>>;

export const gopherRepetitionReasons = [
  'gopher.duplicate_lines',
  'gopher.duplicate_paragraphs',
  'gopher.duplicate_line_characters',
  'gopher.duplicate_paragraph_characters',
  'gopher.top_runs',
  'gopher.duplicate_runs',
] as const;
type Reason = (typeof gopherRepetitionReasons)[number];

/** The first of Gopher's repetition rules that a text breaks. */
export function gopherRepetition(of: TextStatistics, rules: GopherRepetition): Dropped<Reason> | undefined {
  const { text, characters } = of;
  if (text === '') return undefined;
  const paragraphs = text.trim().split(/\n{2,}/);
  const repeatedParagraphs = repeatedStrings(paragraphs);
  const paragraphShare = repeatedParagraphs.elements / paragraphs.length;
  if (paragraphShare > rules.maxDuplicateParagraphs)
    return above('gopher.duplicate_paragraphs', paragraphShare, rules.maxDuplicateParagraphs);
  const paragraphCharacters = repeatedParagraphs.characters / characters;
  if (paragraphCharacters > rules.maxDuplicateParagraphCharacters)
    return above('gopher.duplicate_paragraph_characters', paragraphCharacters, rules.maxDuplicateParagraphCharacters);
  const lines = text.split(/\n+/);
  const repeatedLines = repeatedStrings(lines);
  const lineShare = repeatedLines.elements / lines.length;
  if (lineShare > rules.maxDuplicateLines) return above('gopher.duplicate_lines', lineShare, rules.maxDuplicateLines);
  const lineCharacters = repeatedLines.characters / characters;
  if (lineCharacters > rules.maxDuplicateLineCharacters)
    return above('gopher.duplicate_line_characters', lineCharacters, rules.maxDuplicateLineCharacters);
  for (const [index, most] of rules.maxTopRuns.entries()) {
    const value = of.runs.topCharacters(index + 2) / characters;
    if (value > most) return runs('gopher.top_runs', index + 2, value, most);
  }
  for (const [index, most] of rules.maxDuplicateRuns.entries()) {
    const value = of.runs.repeatedCharacters(index + 5) / characters;
    if (value > most) return runs('gopher.duplicate_runs', index + 5, value, most);
  }
  return undefined;
}

function runs(reason: Reason, length: number, value: number, most: number): Dropped<Reason> {
  const { detail } = above(reason, value, most);
  return { reason, detail: `${detail}, runs of ${length} words` };
}
