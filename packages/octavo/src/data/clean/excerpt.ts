import { limits } from '../limits.js';

/** The beginning of a dropped document, on one line. */
export const excerptOf = (text: string): string =>
  text
    .slice(0, limits.excerptCharacters)
    .replace(/[\ud800-\udbff]$/, '')
    .replaceAll(/\s+/g, ' ');
