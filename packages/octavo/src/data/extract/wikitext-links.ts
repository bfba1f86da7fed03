/** Links inside a wiki: what is shown, and what is no text. */
import { mark } from './wikitext-marks.js';

/** Names of a wiki's namespaces, in lower case, with their numbers. */
export type Namespaces = ReadonlyMap<string, number>;

const numbers = { media: -2, file: 6, category: 14 } as const;

/** The names that every wiki knows besides its own. */
export const commonNamespaces: Namespaces = new Map([
  ['media', numbers.media],
  ['file', numbers.file],
  ['image', numbers.file],
  ['category', numbers.category],
]);

/** Older names of the namespace of files are not told by a dump, but what files are called is. */
const fileName = /\.(jpe?g|png|gif|svg|tiff?|webp|xcf|pdf|djvu|og[gav]|opus|mp3|wav|flac|mid|web[mp]|stl)$/i;

const languageNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
const otherWikis = new Set(
  'simple als bat-smg be-x-old cbk-zam fiu-vro map-bms nds-nl roa-rup roa-tara zh-classical zh-min-nan zh-yue'.split(
    ' ',
  ),
);

/** Whether a prefix is that of a Wikipedia in another language: such a link is shown beside the text, not in it. */
const knownPrefixes = new Map<string, boolean>();
function isLanguage(prefix: string): boolean {
  if (otherWikis.has(prefix)) return true;
  if (!/^[a-z]{2,3}$/.test(prefix)) return false;
  const known = knownPrefixes.get(prefix) ?? languageNames.of(prefix) !== undefined;
  knownPrefixes.set(prefix, known);
  return known;
}

/** The text of `[[target|shown]]`, from what stands between its bars. */
export function linkText(parts: readonly string[], namespaces: Namespaces): string {
  const [given = '', ...rest] = parts;
  const target = given.replaceAll(mark.gone, '').trim();
  const shown = rest.join('|');
  const colon = target.indexOf(':');
  if (colon > 0) {
    const prefix = target.slice(0, colon).replaceAll('_', ' ').trim().toLowerCase();
    const namespace = namespaces.get(prefix) ?? commonNamespaces.get(prefix);
    if (namespace === numbers.media) return shown;
    if (namespace === numbers.file || namespace === numbers.category || fileName.test(target)) return '';
    if (isLanguage(prefix)) return '';
  }
  // A target goes over no line end: this is no link.
  if (given.trim().includes('\n')) return parts.join('|');
  if (shown.trim() !== '') return shown;
  const plain = target.replace(/^[:#]/, '');
  return rest.length === 0 ? plain : plain.replace(/^[^:]*:/, '').replace(/ ?\([^()]*\)$/, '');
}
