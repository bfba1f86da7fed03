import { nativeText } from './native.js';

/** Slots of the native model, three numbers each. */
const words = 3 * 2 ** 20;

export const characterTable = (): Uint32Array => new Uint32Array(words);

/** Counts the runs of characters of a text in a table. Errors: NATIVE_ABSENT. */
export function learnCharacters(table: Uint32Array, text: string): void {
  nativeText().learnCharacters(table, text);
}

/** The logarithm of the probability of a text by a table. Errors: NATIVE_ABSENT. */
export function characterLogarithm(table: Uint32Array, text: string): number {
  const [fraction = 0, exponent = 0] = nativeText().characterOdds(table, text);
  return Math.log(fraction) + exponent * Math.LN2;
}
