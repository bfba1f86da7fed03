import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { z } from 'zod';
import { fail } from '../../core/index.js';
import type { Dropped } from './verdict.js';

export const toxicityFields = {
  languages: z
    .array(z.string().regex(/^[a-z]{2,3}$/))
    .default([])
    .describe('Lists of words to use, by language code, from the optional package naughty-words.'),
  files: z.array(z.string().min(1)).default([]).describe('Lists of your own, a word or phrase a line.'),
  maxWords: z.number().int().min(0).default(2).describe('More words of the lists in a document: toxicity.'),
} as const;
export type ToxicityRules = z.infer<z.ZodObject<typeof toxicityFields>>;

const require = createRequire(import.meta.url);
const List = z.array(z.string());

async function packageList(language: string): Promise<readonly string[]> {
  try {
    return List.parse(JSON.parse(await readFile(require.resolve(`naughty-words/${language}.json`), 'utf8')));
  } catch (cause) {
    throw fail('DATA_SOURCE', {
      what: `there is no list of words for ${language}`,
      where: 'data.clean.toxicity.languages',
      remedy: 'npm install naughty-words@1.2.0, or name lists of your own in `files`',
      cause,
    });
  }
}

async function ownList(name: string, projectFolder: string): Promise<readonly string[]> {
  try {
    return (await readFile(resolve(projectFolder, name), 'utf8')).split(/\r?\n/);
  } catch (cause) {
    const remedy = 'correct the path; relative ones begin where octavo.yaml lies';
    throw fail('DATA_SOURCE', { what: `${name} cannot be read`, where: 'data.clean.toxicity.files', remedy, cause });
  }
}

const escaped = (phrase: string): string => phrase.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\s+/g, '\\s+');

/** Counts words and phrases of a list; a word in ideographs is found without spaces around it. */
export function phraseCounter(phrases: readonly string[]): (text: string) => number {
  const known = [...new Set(phrases.map((phrase) => phrase.trim().toLowerCase()))].filter((phrase) => phrase !== '');
  if (known.length === 0) return () => 0;
  const whole = known.filter(
    (phrase) => !/\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Thai}/u.test(phrase),
  );
  const inside = known.filter((phrase) => !whole.includes(phrase));
  const longestFirst = (some: readonly string[]) =>
    some
      .toSorted((a, b) => b.length - a.length)
      .map(escaped)
      .join('|');
  const alternatives = [
    ...(whole.length === 0 ? [] : [`(?<![\\p{L}\\p{N}])(?:${longestFirst(whole)})(?![\\p{L}\\p{N}])`]),
    ...(inside.length === 0 ? [] : [longestFirst(inside)]),
  ];
  const pattern = new RegExp(alternatives.join('|'), 'gu');
  return (text) => text.toLowerCase().match(pattern)?.length ?? 0;
}

/** Drops documents with more such words than are allowed. Errors: DATA_SOURCE. */
export async function toxicityStage({ languages, files, maxWords }: ToxicityRules, projectFolder: string) {
  const lists = [...languages.map(packageList), ...files.map((name) => ownList(name, projectFolder))];
  const count = phraseCounter((await Promise.all(lists)).flat());
  return (text: string): Dropped<'toxicity'> | undefined => {
    const words = count(text);
    return words > maxWords
      ? { reason: 'toxicity', detail: `${words} words of the lists, ${maxWords} allowed` }
      : undefined;
  };
}
