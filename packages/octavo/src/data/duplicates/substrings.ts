import { z } from 'zod';
import { repeatedSpans } from '../../text/index.js';

export const substringFields = {
  minBytes: z
    .number()
    .int()
    .min(20)
    .default(200)
    .describe('Shorter repetitions stay; 200 bytes are about 50 tokens of English.'),
  blockBytes: z
    .number()
    .int()
    .min(1024)
    .max(2 ** 30)
    .default(16 * 2 ** 20)
    .describe('Text that is searched at once, with 20 bytes of memory a byte; repetitions are found within a block.'),
} as const;
export type SubstringRules = z.infer<z.ZodObject<typeof substringFields>>;

/** Bytes of a document to be cut out, from and to by turns. */
export type Spans = readonly number[];

const isSpace = (byte: number | undefined): boolean => byte === undefined || byte === 32 || byte === 10 || byte === 9;

/** May a text be cut before this byte? At white space, and where an ideograph (three bytes or more) begins. */
const isSeam = (bytes: Uint8Array, at: number): boolean =>
  isSpace(bytes[at - 1]) || isSpace(bytes[at]) || (bytes[at] ?? 0) >= 0xe3;

/** A span drawn in to whole words, so that no half word or character is left; undefined where none remains. */
function wholeWords(bytes: Uint8Array, from: number, to: number): readonly [number, number] | undefined {
  let [first, last] = [from, to];
  while (first < last && !isSeam(bytes, first)) first++;
  while (last > first && !isSeam(bytes, last)) last--;
  return last > first ? [first, last] : undefined;
}

/** Finds, block by block, what a document repeats of itself or of one before. `found` is told each document that has such spans. */
export function substringSearch(
  { minBytes, blockBytes }: SubstringRules,
  found: (document: number, spans: Spans) => void,
) {
  let texts: { readonly document: number; readonly bytes: Uint8Array }[] = [];
  let held = 0;
  const search = () => {
    if (texts.length === 0) return;
    const block = Buffer.concat(texts.map(({ bytes }) => bytes));
    let sum = 0;
    const ends = Uint32Array.from(texts, ({ bytes }) => {
      sum += bytes.length;
      return sum;
    });
    const all = repeatedSpans(block, { ends, least: minBytes });
    let at = 0;
    for (const [index, { document, bytes }] of texts.entries()) {
      const end = ends[index] ?? 0;
      const start = end - bytes.length;
      const spans: number[] = [];
      for (; at < all.length && (all[at] ?? 0) < end; at += 2) {
        const whole = wholeWords(bytes, (all[at] ?? 0) - start, Math.min(end, all[at + 1] ?? 0) - start);
        if (whole !== undefined) spans.push(...whole);
      }
      if (spans.length > 0) found(document, spans);
    }
    texts = [];
    held = 0;
  };
  return {
    add: (document: number, text: string) => {
      const bytes = Buffer.from(text);
      if (held + bytes.length > blockBytes) search();
      texts.push({ document, bytes });
      held += bytes.length;
    },
    finish: search,
  };
}

/** The text without those spans. */
export function cutSpans(text: string, spans: Spans): string {
  const bytes = Buffer.from(text);
  let kept = '';
  let end = 0;
  for (let n = 0; n < spans.length; n += 2) {
    kept += bytes.toString('utf8', end, spans[n]);
    end = spans[n + 1] ?? end;
  }
  kept += bytes.toString('utf8', end);
  return kept
    .replaceAll(/(?<! ) +\n/g, '\n')
    .replaceAll(/ {2,}/g, ' ')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}
