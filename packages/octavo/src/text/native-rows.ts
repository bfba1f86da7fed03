import { nativeText } from './native.js';

/**
 * Of each line of JSON the text of one field; the bytes of a line that is no object with such a text, or holds what only a
 * whole parser can judge; null for a blank line. `name` is UTF-8. Errors: NATIVE_ABSENT.
 */
export function jsonRows(lines: Uint8Array, name: Uint8Array): readonly (string | Uint8Array | null)[] {
  return nativeText().jsonRows(lines, name);
}
