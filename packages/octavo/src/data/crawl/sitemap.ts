/** Sitemaps (sitemaps.org): lists of addresses, lists of lists, plain text; RSS and Atom feeds serve as sitemaps too. */
import { readTags } from '../extract/read-tags.js';
import { canonicalUrl } from './canonical-url.js';

export interface Sitemap {
  readonly pages: readonly string[];
  readonly sitemaps: readonly string[];
}

/** The protocol allows 50,000 addresses in one file. */
const mostAddresses = 50_000;

export function readSitemap(text: string, base: string): Sitemap {
  const pages = new Set<string>();
  const sitemaps = new Set<string>();
  const add = (to: Set<string>, href: string) => {
    const url = canonicalUrl(href.trim(), base);
    if (url !== undefined && pages.size + sitemaps.size < mostAddresses) to.add(url);
  };
  if (!text.trimStart().startsWith('<')) {
    for (const line of text.split(/\r?\n/)) if (/^\s*https?:\/\//i.test(line)) add(pages, line);
    return { pages: [...pages], sitemaps: [...sitemaps] };
  }
  let inside: 'url' | 'sitemap' | undefined;
  let collected: string | undefined;
  readTags(text, {
    onopentag: (name, attributes) => {
      const local = name.replace(/^.*:/, '');
      if (local === 'url' || local === 'entry' || local === 'item') inside = 'url';
      else if (local === 'sitemap') inside = 'sitemap';
      // Prefixed names, such as image:loc, are of other things than pages.
      else if ((name === 'loc' || name === 'link') && inside !== undefined) {
        const href = attributes['href'];
        if (href === undefined) collected = '';
        else if ((attributes['rel'] ?? 'alternate') === 'alternate') add(pages, href);
      }
    },
    ontext: (part) => {
      if (collected !== undefined && collected.length < 4096) collected += part;
    },
    onclosetag: (name) => {
      if ((name === 'loc' || name === 'link') && collected !== undefined) {
        if (collected.trim() !== '') add(inside === 'sitemap' ? sitemaps : pages, collected);
        collected = undefined;
      } else if (name === 'url' || name === 'sitemap' || name === 'entry' || name === 'item') inside = undefined;
    },
  });
  return { pages: [...pages], sitemaps: [...sitemaps] };
}
