/**
 * Characters that a terminal acts on instead of showing: C0 and C1 controls, direction marks and overrides, line and
 * paragraph separators, invisible marks, and lone surrogates. Tab and newline stay.
 */
const acting =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be shown
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const shown = (character: string): string => {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code); // ␀ … ␟
  if (code === 0x7f) return '␡';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
};

/** Text from outside (a model, a page, a file) for a terminal: nothing in it can move the cursor or hide words. */
export const visibleText = (text: string): string => text.replace(acting, shown);

/** The same on one line and of bounded length. */
export const visibleLine = (text: string, longest = 80): string => {
  const line = visibleText(text.slice(0, longest * 4))
    .replaceAll('\n', '⏎')
    .replaceAll('\t', ' ');
  const characters = [...line];
  return characters.length <= longest ? line : `${characters.slice(0, longest - 1).join('')}…`;
};
