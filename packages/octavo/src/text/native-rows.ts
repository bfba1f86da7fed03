import { nativeText } from './native.js';

/**
 * Of each line of JSON as many values as names (in UTF-8, none twice): the text of each field, numbers and flags as they stand,
 * undefined where there is none. Of a line that is no object whose first field is a string, or holds what only a whole parser
 * can judge, the bytes; of a blank line null; behind both undefined. Errors: NATIVE_ABSENT.
 */
export function jsonRows(
  lines: Uint8Array,
  names: readonly Uint8Array[],
): readonly (string | Uint8Array | null | undefined)[] {
  return nativeText().jsonRows(lines, names);
}
