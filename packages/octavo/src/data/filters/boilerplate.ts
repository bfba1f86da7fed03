import { createHash } from 'node:crypto';
import { z } from 'zod';

export const boilerplateFields = {
  minDocuments: z.number().int().min(2).default(10).describe('A line repeated in fewer documents of a source stays.'),
  minShare: z.number().min(0).max(1).default(0.01).describe('So does one in a smaller share of the source.'),
  minCharacters: z.number().int().min(1).default(10).describe('Shorter lines are not counted.'),
} as const;
export type BoilerplateRules = z.infer<z.ZodObject<typeof boilerplateFields>>;

const rows = 4;

/**
 * In how many documents each line of a source occurs, at most: a count-min sketch of fixed size, whose counts err only
 * upwards and rarely. Sources: Cormode and Muthukrishnan 2005; conservative update, Estan and Varghese 2002.
 */
export function lineCounts(documents: number) {
  const width = 2 ** Math.min(24, Math.max(12, Math.ceil(Math.log2(Math.max(1, documents) * 64))));
  const counters = Array.from({ length: rows }, () => new Uint32Array(width));
  const places = (source: string, line: string): readonly number[] => {
    const digest = createHash('sha256').update(source).update('\0').update(line).digest();
    return Array.from({ length: rows }, (_, row) => digest.readUInt32LE(4 * row) & (width - 1));
  };
  const countAt = (at: readonly number[]): number => Math.min(...at.map((place, row) => counters[row]?.[place] ?? 0));
  return {
    add: (source: string, line: string) => {
      const at = places(source, line);
      const next = countAt(at) + 1;
      for (const [row, place] of at.entries()) {
        const counter = counters[row];
        if (counter !== undefined && (counter[place] ?? 0) < next) counter[place] = next;
      }
    },
    of: (source: string, line: string): number => countAt(places(source, line)),
  };
}

/** Lines that stand in many documents of one source: menus, footers, licence notes. */
export function boilerplate(rules: BoilerplateRules, documents: number) {
  const counts = lineCounts(documents);
  const ofSource = new Map<string, number>();
  const linesOf = (text: string): readonly string[] =>
    text.split('\n').filter((line) => line.trim().length >= rules.minCharacters);
  return {
    /** First pass: every document once. */
    observe: (source: string, text: string) => {
      ofSource.set(source, (ofSource.get(source) ?? 0) + 1);
      for (const line of new Set(linesOf(text).map((one) => one.trim()))) counts.add(source, line);
    },
    /** Afterwards: the text without such lines. */
    cut: (source: string, text: string): { readonly text: string; readonly lines: number } => {
      const least = Math.max(rules.minDocuments, rules.minShare * (ofSource.get(source) ?? 0));
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
