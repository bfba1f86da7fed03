/** The published pre-tokenisation patterns that have a hand-written scanner in native/text/scan.h. */
export const patternNames = ['gpt2', 'cl100k', 'o200k'] as const;
export type PatternName = (typeof patternNames)[number];

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const spaces = '\\s+(?!\\S)|\\s+';

/**
 * The patterns as `tokenizer.json` spells them. `\s` is Unicode's White_Space, `(?i:s)` takes the long s too.
 * Source: OpenAI's tiktoken, `tiktoken_ext/openai_public.py`.
 */
export const patternText: Readonly<Record<PatternName, string>> = {
  gpt2: `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|${spaces}`,
  cl100k: `${contractions}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|${spaces}`,
  o200k: [
    `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+${contractions}?`,
    `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*${contractions}?`,
    `\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|${spaces}`,
  ].join('|'),
};

/** Other spellings that match the same. */
const alsoSpelled: ReadonlyMap<string, PatternName> = new Map([
  [`'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|${spaces}`, 'gpt2'],
  [
    `'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|${spaces}`,
    'cl100k',
  ],
]);

/** The pattern that a regular expression of a file stands for; undefined for any other: it would have to be run. */
export const patternOfText = (text: string): PatternName | undefined =>
  patternNames.find((name) => patternText[name] === text) ?? alsoSpelled.get(text);

export const patternNumber = (name: PatternName): number => patternNames.indexOf(name);
