/** The published rules, held to datatrove's verdicts, and each to both sides of its threshold. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { prose } from '../step.test-support.js';
import { c4, c4Fields } from './c4.js';
import { fineweb, finewebFields } from './fineweb.js';
import { gopherQuality, gopherQualityFields } from './gopher-quality.js';
import { gopherRepetition, gopherRepetitionFields } from './gopher-repetition.js';
import { qualityFields, qualityStage } from './quality.js';
import { textStatistics } from './text-statistics.js';
import { sentencesOf, wordsOf } from './words.js';

const quality = (text: string, changed = {}) =>
  gopherQuality(textStatistics(text), z.object(gopherQualityFields).parse(changed))?.reason;
const repetition = (text: string, changed = {}) =>
  gopherRepetition(textStatistics(text), z.object(gopherRepetitionFields).parse(changed))?.reason;
const ofC4 = (text: string, changed = {}) => c4(text, z.object(c4Fields).parse(changed));
const ofFineweb = (text: string, changed = {}) =>
  fineweb(textStatistics(text), z.object(finewebFields).parse(changed))?.reason;

/** datatrove's names of reasons. */
const known: Readonly<Record<string, string>> = {
  gopher_short_doc: 'gopher.too_few_words',
  gopher_below_avg_threshold: 'gopher.short_words',
  gopher_above_avg_threshold: 'gopher.long_words',
  gopher_too_many_hashes: 'gopher.symbol_ratio',
  gopher_too_many_ellipsis: 'gopher.symbol_ratio',
  gopher_too_many_bullets: 'gopher.bullet_lines',
  gopher_too_many_end_ellipsis: 'gopher.ellipsis_lines',
  gopher_below_alpha_threshold: 'gopher.words_with_letter',
  gopher_enough_stop_words: 'gopher.stop_words',
  dup_para_frac: 'gopher.duplicate_paragraphs',
  dup_para_char_frac: 'gopher.duplicate_paragraph_characters',
  dup_line_frac: 'gopher.duplicate_lines',
  dup_line_char_frac: 'gopher.duplicate_line_characters',
  top_2_gram: 'gopher.top_runs',
  top_3_gram: 'gopher.top_runs',
  top_4_gram: 'gopher.top_runs',
  lorem_ipsum: 'c4.lorem_ipsum',
  curly_bracket: 'c4.curly_bracket',
  too_few_sentences: 'c4.too_few_sentences',
  line_punct_ratio: 'fineweb.line_punctuation',
  short_line_ratio: 'fineweb.short_lines',
  char_dup_ratio: 'fineweb.duplicate_line_characters',
  list_ratio: 'fineweb.newlines',
};
const ours = (theirs: string): string | undefined => {
  if (theirs.startsWith('keep')) return undefined;
  return /^duplicated_\d+_n_grams$/.test(theirs) ? 'gopher.duplicate_runs' : known[theirs];
};

const golden = z
  .array(
    z.object({
      name: z.string(),
      text: z.string(),
      ...Object.fromEntries(['quality', 'repetition', 'c4', 'fineweb'].map((key) => [key, z.string()])),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL('fixtures/quality.json', import.meta.url), 'utf8')));

describe('golden verdicts', () => {
  it.each(golden.map((one) => ({ ...z.record(z.string(), z.string()).parse(one) })))('$name', (one) => {
    const text = one['text'] ?? '';
    expect(quality(text)).toBe(ours(one['quality'] ?? ''));
    expect(repetition(text)).toBe(ours(one['repetition'] ?? ''));
    expect(ofFineweb(text)).toBe(ours(one['fineweb'] ?? ''));
    const cut = ofC4(text);
    expect(cut.dropped?.reason).toBe(ours(one['c4'] ?? ''));
    if (cut.dropped === undefined)
      expect(`keep ${createHash('sha256').update(cut.text).digest('hex').slice(0, 12)}`).toBe(one['c4']);
  });

  it('know every rule of the families but those on very long texts', () => {
    const met = new Set(golden.flatMap((one) => Object.values(z.record(z.string(), z.string()).parse(one)).map(ours)));
    for (const reason of new Set([...Object.values(known), 'gopher.duplicate_runs'])) expect(met).toContain(reason);
  });
});

describe('thresholds', () => {
  const text = prose(3, 20);
  const statistics = textStatistics(text);
  const words = statistics.words.count - 20;

  it.each([
    ['too_few_words', { minWords: words }, { minWords: words + 1 }],
    ['too_many_words', { maxWords: words }, { maxWords: words - 1 }],
    ['short_words', { minMeanWordLength: 3 }, { minMeanWordLength: 5 }],
    ['long_words', { maxMeanWordLength: 10 }, { maxMeanWordLength: 2, minMeanWordLength: 1 }],
    ['words_with_letter', { minWordsWithLetter: 0.9 }, { minWordsWithLetter: 0.95 }],
    ['stop_words', { minStopWords: 1, stopWords: ['the'] }, { minStopWords: 1, stopWords: ['whale'] }],
  ])('gopher.%s', (rule, keeps, drops) => {
    expect(quality(text, keeps)).toBeUndefined();
    expect(quality(text, drops)).toBe(`gopher.${rule}`);
  });

  it.each([
    ['symbol_ratio', `${text}${' #'.repeat(20)}`, `${text}${' #'.repeat(40)}`],
    ['symbol_ratio', `${text}${' …'.repeat(20)} it`, `${text}${' …'.repeat(40)} it`],
    ['bullet_lines', `${'- the whale and the sea\n'.repeat(18)}a\na`, `${'• the whale and these seas\n'.repeat(19)}a`],
    [
      'ellipsis_lines',
      `${'the whale and the sea…\n'.repeat(3)}${'of the ship have\n'.repeat(17)}`,
      `${'the whale and the sea...\n'.repeat(7)}${'of the ship have\n'.repeat(13)}`,
    ],
  ])('gopher.%s on both sides', (rule, kept, dropped) => {
    expect(quality(kept)).toBeUndefined();
    expect(quality(dropped)).toBe(`gopher.${rule}`);
  });

  const line = (n: number) => prose(n, 1);
  const distinct = (count: number) => Array.from({ length: count }, (_, n) => line(n + 50));
  it.each([
    [
      'duplicate_lines',
      [...distinct(7), 'a', 'a', 'a', 'a'].join('\n'),
      [...distinct(5), 'a', 'a', 'a', 'a'].join('\n'),
    ],
    [
      'duplicate_paragraphs',
      [...distinct(7), 'a', 'a', 'a', 'a'].join('\n\n'),
      [...distinct(5), 'a', 'a', 'a', 'a'].join('\n\n'),
    ],
  ])('gopher.%s on both sides', (rule, kept, dropped) => {
    expect(repetition(kept)).toBeUndefined();
    expect(repetition(dropped)).toBe(`gopher.${rule}`);
  });

  it('of runs of words are shares of all characters', () => {
    const once = textStatistics('one two three one two four one two five');
    // "one two" three times, 7 characters each; no run of five words occurs twice.
    expect(once.runs.topCharacters(2)).toBe(21);
    expect(once.runs.topCharacters(3)).toBe('one two three'.length);
    expect(once.runs.repeatedCharacters(5)).toBe(0);
    const twice = textStatistics('a b c d e f a b c d e g');
    expect(twice.runs.repeatedCharacters(5)).toBe(5);
    expect(twice.runs.repeatedCharacters(6)).toBe(0);
  });

  it('of C4 say how many lines were cut out, and why', () => {
    const kept = distinct(6);
    const {
      text: left,
      cut,
      dropped,
    } = ofC4(
      [
        ...kept,
        'No end of a sentence',
        'Too few.',
        'Please enable JavaScript to read on.',
        'We use cookies on every page.',
        `${'x'.repeat(1001)} is long.`,
      ].join('\n'),
    );
    expect(dropped).toBeUndefined();
    expect(left).toBe(kept.join('\n'));
    expect(cut).toEqual({ no_terminal_punctuation: 1, too_few_words: 1, javascript: 1, policy: 1, long_word: 1 });
    expect(ofC4(distinct(4).join('\n')).dropped?.reason).toBe('c4.too_few_sentences');
    expect(ofC4([...kept, 'Here is lorem ipsum again.'].join('\n')).dropped?.detail).toBe('in line 7');
    expect(ofC4(kept.map((one) => one.replace('.', ' [12].')).join('\n')).text).not.toContain('[12]');
  });

  it('of FineWeb', () => {
    const lines = distinct(8);
    expect(ofFineweb(lines.join('\n'))).toBeUndefined();
    expect(ofFineweb([lines[0], ...lines.map((one) => one.slice(0, -1))].join('\n'))).toBe('fineweb.line_punctuation');
    expect(ofFineweb([lines[0], ...Array.from({ length: 3 }, (_, n) => `short ${n}.`)].join('\n'))).toBe(
      'fineweb.short_lines',
    );
    expect(ofFineweb([...lines, lines[0]].join('\n'))).toBe('fineweb.duplicate_line_characters');
    expect(ofFineweb(lines.join('\n\n\n\n\n'))).toBe('fineweb.newlines');
    expect(ofFineweb(' \n ')).toBe('fineweb.empty');
  });
});

describe('words', () => {
  const split = (text: string) => {
    const { count, starts, ends } = wordsOf(text);
    return Array.from({ length: count }, (_, n) => text.slice(starts[n], ends[n]));
  };
  it.each([
    [
      "Hello, Mr. Smith... it's a #1 (test).",
      ['Hello', ',', 'Mr.', 'Smith', '...', 'it', "'s", 'a', '#', '1', '(', 'test', ')', '.'],
    ],
    ["don't we'll can't", ['do', "n't", 'we', "'ll", 'ca', "n't"]],
    [
      'mail-order 64-bit 10km and/or cannot',
      ['mail', '-', 'order', '64', '-', 'bit', '10', 'km', 'and', '/', 'or', 'can', 'not'],
    ],
    ['see https://a.org/b?c=d. www.x.com!', ['see', 'https://a.org/b?c=d', '.', 'www.x.com', '!']],
  ])('of %j', (text, expected) => {
    expect(split(text)).toEqual(expected);
  });

  it('cover all characters but white space, in order, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab.A1 \n\'"-,(…#’s+$😀é：') }), (text) => {
        expect(split(text).join('')).toBe(text.replaceAll(/\s/g, ''));
      }),
      { numRuns: 300 },
    );
    expect(sentencesOf(wordsOf('One. Two! Three? Four'))).toBe(4);
  });

  it('takes time in proportion to the text, whatever it is', () => {
    for (const part of ['.', 'a.', "'", '((', '-', 'a-', 'http://', '1.1.', '😀', '/a']) {
      const startedMs = performance.now();
      textStatistics(part.repeat(100_000)).runs.topCharacters(2);
      expect(performance.now() - startedMs, part).toBeLessThan(2000);
    }
  });
});

describe('qualityStage', () => {
  const fields = z.object(qualityFields);
  it('leaves everything as it is by default', () => {
    const stage = qualityStage(fields.parse({}));
    expect(stage('# # #', true)).toEqual({ text: '# # #', changes: {} });
  });
  it('judges by changed thresholds, and makes the same text again without judging', () => {
    const stage = qualityStage(
      fields.parse({ gopher: { minWords: 12, minStopWords: 0, maxTopRuns: [1, 1, 1] }, c4: { minSentences: 1 } }),
    );
    const text = 'A whole line of this page is kept for everybody to read it, and onwards it goes.\nNext';
    expect(stage('Ten very different words are standing here beside one another.', true).dropped?.reason).toBe(
      'gopher.too_few_words',
    );
    expect(stage(text, true)).toEqual({ text: text.split('\n')[0], changes: { 'c4.no_terminal_punctuation': 1 } });
    expect(stage(text, false)).toEqual(stage(text, true));
  });
});
