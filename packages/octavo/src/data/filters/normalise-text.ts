/**
 * The one form of a text: NFC, `\n` line ends, no control or zero-width characters, plain spaces, no space at line ends,
 * at most one empty line in a row. Applying it twice changes nothing.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed here.
const removed = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b\u2060\ufeff]/g;

export function normaliseText(text: string): string {
  return text
    .replaceAll(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replaceAll(removed, '')
    .normalize('NFC')
    .replaceAll(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, ' ')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}
