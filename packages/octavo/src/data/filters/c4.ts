import { z } from 'zod';
import { splitLines } from './text-statistics.js';
import { below, type Dropped } from './verdict.js';
import { sentencesOf, wordsOf } from './words.js';

/** Rules of C4. Sources: Raffel et al. 2020 (arXiv 1910.10683), §2.2, and the code that made the corpus. */
export const c4Fields = {
  terminalPunctuation: z.boolean().default(true).describe('Lines that do not end in . ! ? " or \' are cut out.'),
  minWordsPerLine: z.number().int().min(0).default(3).describe('Shorter lines are cut out.'),
  maxWordLength: z.number().int().min(1).default(1000).describe('Lines with a longer word are cut out.'),
  javascript: z.boolean().default(true).describe('Lines that speak of JavaScript are cut out.'),
  policy: z.boolean().default(true).describe('Lines on cookies, privacy and terms of use are cut out.'),
  citations: z.boolean().default(true).describe('Marks such as [1] and [edit] are cut out.'),
  loremIpsum: z.boolean().default(true).describe('Documents with "lorem ipsum" are dropped: c4.lorem_ipsum.'),
  curlyBracket: z.boolean().default(true).describe('Documents with { in a line that is left: c4.curly_bracket.'),
  minSentences: z.number().int().min(0).default(5).describe('Fewer are left: c4.too_few_sentences.'),
} as const;

export type C4 = z.infer<z.ZodObject<typeof c4Fields>>;

export const c4Reasons = ['c4.lorem_ipsum', 'c4.curly_bracket', 'c4.too_few_sentences'] as const;
type Reason = (typeof c4Reasons)[number];

/** What a line was cut out for, in the order of the checks. */
export const c4LineRules = ['long_word', 'no_terminal_punctuation', 'too_few_words', 'javascript', 'policy'] as const;
type LineRule = (typeof c4LineRules)[number];

const citation = /\[\d*]|\[edit]|\[citation needed]/g;
const policies = ['terms of use', 'privacy policy', 'cookie policy', 'uses cookies', 'use of cookies', 'use cookies'];
const endings = ['.', '?', '!', '"', "'"];

/** The line as it stays, the rule it breaks, or the reason for which the document goes. */
type LineVerdict =
  | { readonly kind: 'kept'; readonly line: string }
  | { readonly kind: 'cut'; readonly rule: LineRule }
  | { readonly kind: 'dropped'; readonly reason: Reason };

function judgeLine(given: string, rules: C4): LineVerdict {
  const cut = (rule: LineRule): LineVerdict => ({ kind: 'cut', rule });
  const trimmed = given.trim();
  const words = trimmed === '' ? [] : trimmed.split(/\s+/);
  if (trimmed.length > rules.maxWordLength && words.some(({ length }) => length > rules.maxWordLength))
    return cut('long_word');
  const line = rules.citations && trimmed.includes('[') ? trimmed.replaceAll(citation, '') : trimmed;
  if (rules.terminalPunctuation && (!endings.some((end) => line.endsWith(end)) || line.endsWith('...')))
    return cut('no_terminal_punctuation');
  if (words.length < rules.minWordsPerLine) return cut('too_few_words');
  const small = line.toLowerCase();
  if (rules.loremIpsum && small.includes('lorem ipsum')) return { kind: 'dropped', reason: 'c4.lorem_ipsum' };
  if (rules.javascript && small.includes('javascript')) return cut('javascript');
  if (rules.curlyBracket && line.includes('{')) return { kind: 'dropped', reason: 'c4.curly_bracket' };
  if (rules.policy && policies.some((phrase) => small.includes(phrase))) return cut('policy');
  return { kind: 'kept', line };
}

export interface C4Result {
  readonly text: string;
  readonly dropped?: Dropped<Reason>;
  readonly cut: Readonly<Partial<Record<LineRule, number>>>;
}

/** Cuts lines out, and drops a document by a phrase, a bracket, or too few sentences among the lines that are left. */
export function c4(text: string, rules: C4): C4Result {
  const kept: string[] = [];
  const cut: Partial<Record<LineRule, number>> = {};
  let sentences = 0;
  for (const [number, given] of splitLines(text).entries()) {
    const verdict = judgeLine(given, rules);
    if (verdict.kind === 'dropped')
      return { text, cut, dropped: { reason: verdict.reason, detail: `in line ${number + 1}` } };
    if (verdict.kind === 'cut') {
      cut[verdict.rule] = (cut[verdict.rule] ?? 0) + 1;
      continue;
    }
    if (rules.minSentences > 0) sentences += sentencesOf(wordsOf(verdict.line));
    kept.push(verdict.line);
  }
  if (sentences < rules.minSentences)
    return { text, cut, dropped: below('c4.too_few_sentences', sentences, rules.minSentences) };
  return { text: kept.join('\n').trim(), cut };
}
