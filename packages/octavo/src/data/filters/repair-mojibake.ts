/** UTF-8 that was read as Windows-1252 or Latin-1, turned back where it is unambiguous, up to three times over. */

/** Characters of Windows-1252's bytes 0x80 to 0x9f; 81, 8d, 8f, 90 and 9d have none and come as Latin-1's controls. */
const windows = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
const byteOf = new Map([
  ...Array.from({ length: 64 }, (_, n): [number, number] => [0x80 + n, 0x80 + n]),
  ...Array.from(windows, (character, n): [number, number] => [character.charCodeAt(0), 0x80 + n]),
]);
const tail = `[\u0080-\u00bf${windows.replaceAll(/[\u0080-\u009f]/g, '')}]`;
const sequence = new RegExp(`[\u00c2-\u00df]${tail}|[\u00e0-\u00ef]${tail}{2}|[\u00f0-\u00f4]${tail}{3}`, 'g');
const sequences = new RegExp(`(?:${sequence.source})+`, 'g');

/** Marks that may well follow a capital: É…, or a quotation mark that closes after Ö. */
const mayFollow = /^[\u00c2-\u00df][‚„…‘’“”•–—‹›™«»\u00a0]$/;
const commonLead = /^[ÂÃ]/;

/** The character that a sequence stands for, undefined where the bytes are no shortest form of one. */
function decode(found: string): string | undefined {
  const lead = found.charCodeAt(0);
  let code = found.length === 2 ? lead & 0x1f : found.length === 3 ? lead & 0x0f : lead & 0x07;
  for (let at = 1; at < found.length; at++) code = (code << 6) | ((byteOf.get(found.charCodeAt(at)) ?? 0) & 0x3f);
  const least = found.length === 2 ? 0x80 : found.length === 3 ? 0x800 : 0x10000;
  if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  return String.fromCodePoint(code);
}

/** Evidence that a text was garbled: a sequence that no language writes. */
const isEvident = (found: string): boolean => found.length > 2 || (commonLead.test(found) && !mayFollow.test(found));

/** So are three or more in a row with no doubtful one among them, as Cyrillic and Greek come. */
const isEvidentRun = (run: string): boolean => {
  const found = run.match(sequence) ?? [];
  return found.some(isEvident) || (found.length > 2 && !found.some((one) => mayFollow.test(one)));
};

function repairOnce(text: string): { readonly text: string; readonly places: number } {
  const runs = text.match(sequences) ?? [];
  if (!runs.some(isEvidentRun)) return { text, places: 0 };
  let places = 0;
  const repaired = text.replaceAll(sequence, (found) => {
    const character = decode(found);
    if (character !== undefined) places++;
    return character ?? found;
  });
  return { text: repaired, places };
}

export interface Repaired {
  readonly text: string;
  /** Characters that were put right. */
  readonly places: number;
}

export function repairMojibake(text: string): Repaired {
  let places = 0;
  let now = text;
  for (let round = 0; round < 3 && /[\u00c2-\u00f4]/.test(now); round++) {
    const once = repairOnce(now);
    if (once.places === 0) break;
    places += once.places;
    now = once.text;
  }
  return { text: now, places };
}
