import type { DropReason } from '../document.js';

export type Verdict =
  | { readonly kind: 'kept' }
  | { readonly kind: 'dropped'; readonly reason: DropReason; readonly detail: string };

const countOf = (text: string, pattern: RegExp): number => {
  let count = 0;
  for (const _ of text.matchAll(pattern)) count++;
  return count;
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is counted here.
const controls = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/g;
/** UTF-8 read as Windows-1252 or Latin-1: an accented letter, a quotation mark or a dash has become two or three signs. */
const mojibake =
  /[\u00c2\u00c3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]|\u00e2(?:\u20ac|\u0080)[\u0080-\u00bf\u0153\u02dc\u2013-\u2122]/g;

/** Half of what is broken in a text of a thousand characters is no accident any more. */
const toleratedMojibake = 1 / 500;
const toleratedControls = 1 / 100;

/** Is the text as it came whole, and, once normalised, long enough? Lone surrogates count as broken, as U+FFFD does. */
export function judgeText(
  raw: string,
  normalised: string,
  { minCharacters }: { readonly minCharacters: number },
): Verdict {
  const dropped = (reason: DropReason, detail: string): Verdict => ({ kind: 'dropped', reason, detail });
  const nul = raw.indexOf('\0');
  if (nul !== -1) return dropped('binary', `a NUL at character ${nul}`);
  const control = countOf(raw, controls);
  if (control > raw.length * toleratedControls)
    return dropped('binary', `${control} control characters in ${raw.length}`);
  const broken = countOf(raw, /\ufffd|\p{Surrogate}/gu);
  if (broken > 0) return dropped('invalid-utf8', `${broken} characters that could not be decoded`);
  const garbled = countOf(raw, mojibake);
  if (garbled >= 3 && garbled > raw.length * toleratedMojibake) {
    return dropped('mojibake', `${garbled} places where UTF-8 was read as another encoding`);
  }
  if (normalised.length < minCharacters) return dropped('too-short', `${normalised.length} characters`);
  return { kind: 'kept' };
}
