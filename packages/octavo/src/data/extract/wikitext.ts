/**
 * Wikitext, as articles of Wikipedia are written, as plain text in the manner of Markdown: the same as main texts of pages have.
 * Source: mediawiki.org, Help:Formatting, Help:Links, Help:Tables, Markup spec; the doQuotes and preprocessor rules of MediaWiki.
 */
import { joinBlocks } from './html-text.js';
import { wikitextBlocks, withoutEmptySections } from './wikitext-blocks.js';
import { commonNamespaces, type Namespaces } from './wikitext-links.js';
import { withoutMarks } from './wikitext-marks.js';
import { scanWikitext } from './wikitext-scan.js';

export function wikitextToText(
  wikitext: string,
  {
    namespaces = commonNamespaces,
    title = '',
    language = '',
  }: { readonly namespaces?: Namespaces; readonly title?: string; readonly language?: string } = {},
): string {
  const { text, verbatim } = scanWikitext(withoutMarks(wikitext), { namespaces, title, language });
  return joinBlocks(withoutEmptySections(wikitextBlocks(text.split('\n'), verbatim)));
}
