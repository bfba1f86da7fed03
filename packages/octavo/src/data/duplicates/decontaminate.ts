import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';

export const decontaminateFields = {
  files: z
    .array(z.string().min(1))
    .default([])
    .describe('Evaluation sets that training text must not hold: JSONL or text files, a row or line an item.'),
  words: z.number().int().min(4).max(50).default(13).describe('Words in a row that are a hit.'),
  minWords: z.number().int().min(4).default(8).describe('Shorter items are not looked for; those between are whole.'),
} as const;
export type DecontaminateRules = z.infer<z.ZodObject<typeof decontaminateFields>>;

const word = /[\p{L}\p{N}]+/gu;
const ideograph = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}/u;

/** Words in lower case without marks; each ideograph is a word. */
function wordsOf(text: string): readonly string[] {
  return (text.toLowerCase().match(word) ?? []).flatMap((one) => (ideograph.test(one) ? [...one] : [one]));
}

interface Hit {
  /** `file:line` of the item. */
  readonly item: string;
  readonly words: string;
}

/**
 * Looks for items of evaluation sets in training text, by runs of words. The runs of all items are in memory, as strings:
 * evaluation sets are small beside what is searched. Source: Brown et al. 2020 (arXiv 2005.14165), appendix C.
 */
export function contamination({ words: length, minWords }: DecontaminateRules) {
  const runs = new Map<string, string>();
  /** Lengths of runs that occur: the full one, and those of shorter items. */
  const lengths = new Set<number>();
  return {
    add: (item: string, text: string) => {
      const words = wordsOf(text);
      if (words.length < minWords) return;
      const size = Math.min(length, words.length);
      lengths.add(size);
      for (let at = 0; at + size <= words.length; at++) {
        const run = words.slice(at, at + size).join(' ');
        if (!runs.has(run)) runs.set(run, item);
      }
    },
    hit: (text: string): Hit | undefined => {
      if (runs.size === 0) return undefined;
      const words = wordsOf(text);
      for (const size of lengths)
        for (let at = 0; at + size <= words.length; at++) {
          const run = words.slice(at, at + size).join(' ');
          const item = runs.get(run);
          if (item !== undefined) return { item, words: run };
        }
      return undefined;
    },
  };
}
export type Contamination = ReturnType<typeof contamination>;

/** All strings of a JSON value: a row's question, choices and answer, whatever they are called. */
function stringsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsOf);
}

/** Adds the items of a file: the strings of each JSONL row, or each line. */
export async function addEvaluationFile(
  into: Contamination,
  { path, name }: { readonly path: string; readonly name: string },
) {
  const isRows = /\.(?:jsonl|ndjson)$/.test(name);
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    if (text.trim() === '') continue;
    let strings: readonly string[] = [text];
    if (isRows) {
      try {
        strings = stringsOf(JSON.parse(text));
      } catch {
        // A broken row is still text that must not be trained on.
      }
    }
    for (const one of strings) into.add(`${name}:${line}`, one);
  }
}
