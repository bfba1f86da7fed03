import { nativeText } from './native.js';

/**
 * Slots of the native model: of each context how often and by how many kinds of character it was followed, then how often
 * each run was seen, then which context saw that run first.
 */
const slots = 2 ** 20;

export const characterTable = (): Uint32Array => new Uint32Array(4 * slots);

/** What a table has counted, without its empty slots. */
export function packCharacters(table: Uint32Array): Uint8Array {
  const packed = [0];
  for (let context = 0; context < 2 * slots; context += 2)
    if (table[context] !== 0) packed.push(context, table[context] ?? 0);
  packed[0] = packed.length;
  for (let run = 2 * slots; run < 3 * slots; run++)
    if (table[run] !== 0) packed.push(run, table[run] ?? 0, table[run + slots] ?? 0);
  const words = Uint32Array.from(packed);
  return new Uint8Array(words.buffer);
}

/** Adds what another table has counted of the text that follows: the table is then as if it had counted both. */
export function addCharacters(table: Uint32Array, packed: Uint8Array): void {
  const words = new Uint32Array(new Uint8Array(packed).buffer);
  const add = (slot: number, count: number) => {
    table[slot] = (table[slot] ?? 0) + count;
  };
  const [runs = 0] = words;
  for (let at = 1; at < runs; at += 2) add(words[at] ?? 0, words[at + 1] ?? 0);
  for (let at = runs; at < words.length; at += 3) {
    const run = words[at] ?? 0;
    const context = words[at + 2] ?? 0;
    if (table[run] === 0) {
      table[run + slots] = context;
      add(context + 1, 1);
    }
    add(run, words[at + 1] ?? 0);
  }
}

/** Counts the runs of characters of a text in a table. Errors: NATIVE_ABSENT. */
export function learnCharacters(table: Uint32Array, text: string): void {
  nativeText().learnCharacters(table, text);
}

/** The logarithm of the probability of a text by a table. Errors: NATIVE_ABSENT. */
export function characterLogarithm(table: Uint32Array, text: string): number {
  const [fraction = 0, exponent = 0] = nativeText().characterOdds(table, text);
  return Math.log(fraction) + exponent * Math.LN2;
}
