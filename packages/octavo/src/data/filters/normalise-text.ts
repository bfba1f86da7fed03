/**
 * The one form of a text: NFC, `\n` line ends, no control, zero-width or direction characters, plain spaces, no space at
 * line ends, at most one empty line in a row. Applying it twice changes nothing.
 */
const removed =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed here.
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]/g;
/** Marks of direction, needed only beside scripts that run from right to left. */
const directions = /[\u061c\u200e\u200f]/g;
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
/** Joiners shape Persian, Indic scripts and emoji; between Latin letters they only hide a word. */
const joiners = /(?<=[A-Za-z])[\u200c\u200d]+(?=[A-Za-z])/g;

/** What only a few texts hold is looked for before it is replaced. */
const other = /[^\n -~]/;
const spaceAtEnd = /[^\S\n]\n/;

/** What stays of characters that are not plain ASCII. */
function normaliseCharacters(text: string): string {
  const lines = /[\r\u0085\u2028\u2029]/.test(text) ? text.replaceAll(/\r\n?|[\u0085\u2028\u2029]/g, '\n') : text;
  const shown = lines.replaceAll(removed, '');
  const visible = /[\u200c\u200d]/.test(shown) ? shown.replaceAll(joiners, '') : shown;
  return (rightToLeft.test(visible) ? visible : visible.replaceAll(directions, ''))
    .normalize('NFC')
    .replaceAll(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, ' ');
}

export function normaliseText(given: string): string {
  const text = other.test(given) ? normaliseCharacters(given) : given;
  const lines = spaceAtEnd.test(text)
    ? text
        .split('\n')
        .map((line) => line.trimEnd())
        .join('\n')
    : text;
  return lines.replaceAll(/\n{3,}/g, '\n\n').trim();
}
