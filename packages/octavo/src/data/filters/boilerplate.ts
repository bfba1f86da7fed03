import { z } from 'zod';
import { mix } from '../duplicates/min-hash.js';
import { alignedCopy, bytesOf, type CorpusPass } from './corpus-pass.js';

export const boilerplateFields = {
  minDocuments: z.number().int().min(2).default(10).describe('A line repeated in fewer documents of a source stays.'),
  minShare: z.number().min(0).max(1).default(0.01).describe('So does one in a smaller share of the source.'),
  minCharacters: z.number().int().min(1).default(10).describe('Shorter lines are not counted.'),
} as const;
export type BoilerplateRules = z.infer<z.ZodObject<typeof boilerplateFields>>;

const rows = 4;
const Sources = z.array(z.tuple([z.string(), z.number()]));

type Hashes = readonly [first: number, step: number];

/** Two hashes, of which any number more are made: the first plus a multiple of the second (Kirsch and Mitzenmacher 2006). */
export function hashesOf(source: string, line: string): Hashes {
  let [a, b] = [0x9e3779b1, 0x85ebca6b];
  for (const part of [source, line]) {
    for (let at = 0; at < part.length; at++) {
      const code = part.charCodeAt(at);
      a = Math.imul(a ^ code, 0xcc9e2d51);
      b = Math.imul(b ^ code, 0x1b873593);
      a ^= a >>> 15;
      b ^= b >>> 13;
    }
    a ^= part.length;
    b = Math.imul(b ^ a, 0xc2b2ae35);
  }
  return [mix(a), mix(b) | 1];
}

/**
 * In how many documents each line of a source occurs, at most: a count-min sketch of fixed size, whose counts err only
 * upwards and rarely. Sources: Cormode and Muthukrishnan 2005; conservative update, Estan and Varghese 2002.
 */
export function lineCounts(documents: number) {
  const width = 2 ** Math.min(24, Math.max(12, Math.ceil(Math.log2(Math.max(1, documents) * 64))));
  const counters = new Uint32Array(rows * width);
  const place = ([first, step]: Hashes, row: number): number => row * width + ((first + row * step) & (width - 1));
  const least = (hashes: Hashes): number => {
    let count = counters[place(hashes, 0)] ?? 0;
    for (let row = 1; row < rows; row++) count = Math.min(count, counters[place(hashes, row)] ?? 0);
    return count;
  };
  return {
    counters,
    add: (hashes: Hashes) => {
      const next = least(hashes) + 1;
      for (let row = 0; row < rows; row++) {
        const at = place(hashes, row);
        counters[at] = Math.max(next, counters[at] ?? 0);
      }
    },
    of: (source: string, line: string): number => least(hashesOf(source, line)),
  };
}

/** Lines that stand in many documents of one source: menus, footers, licence notes. */
export function boilerplate(rules: BoilerplateRules, documents: number) {
  const counts = lineCounts(documents);
  const ofSource = new Map<string, number>();
  const linesOf = (text: string): readonly string[] =>
    text.split('\n').filter((line) => line.trim().length >= rules.minCharacters);
  const leastOf = (source: string): number =>
    Math.ceil(Math.max(rules.minDocuments, rules.minShare * (ofSource.get(source) ?? 0)));
  const pass: CorpusPass = {
    memory: [bytesOf(counts.counters)],
    begin: () => {
      const sources = new Map<string, number>();
      const hashes: number[] = [];
      return {
        observe: (source, text) => {
          sources.set(source, (sources.get(source) ?? 0) + 1);
          for (const line of new Set(linesOf(text).map((one) => one.trim()))) hashes.push(...hashesOf(source, line));
        },
        lesson: () =>
          Buffer.concat([Buffer.from(`${JSON.stringify([...sources])}\n`), bytesOf(Int32Array.from(hashes))]),
      };
    },
    take: (lesson) => {
      const end = lesson.indexOf(10) + 1;
      for (const [source, documents] of Sources.parse(JSON.parse(Buffer.from(lesson.subarray(0, end)).toString())))
        ofSource.set(source, (ofSource.get(source) ?? 0) + documents);
      const hashes = new Int32Array(alignedCopy(lesson.subarray(end)));
      for (let at = 0; at < hashes.length; at += 2) counts.add([hashes[at] ?? 0, hashes[at + 1] ?? 0]);
    },
  };
  return {
    pass,
    ofSource,
    /** Afterwards: in how many documents the line of a text stands that most have, and from how many on it goes. */
    most: (source: string, text: string): { readonly documents: number; readonly least: number } => ({
      documents: linesOf(text).reduce((most, line) => Math.max(most, counts.of(source, line.trim())), 0),
      least: leastOf(source),
    }),
    /** The text without such lines. */
    cut: (source: string, text: string): { readonly text: string; readonly lines: number } => {
      const least = leastOf(source);
      let lines = 0;
      const kept = text.split('\n').filter((line) => {
        const trimmed = line.trim();
        if (trimmed.length < rules.minCharacters || counts.of(source, trimmed) < least) return true;
        lines++;
        return false;
      });
      if (lines === 0) return { text, lines };
      return {
        text: kept
          .join('\n')
          .replaceAll(/\n{3,}/g, '\n\n')
          .trim(),
        lines,
      };
    },
  };
}
