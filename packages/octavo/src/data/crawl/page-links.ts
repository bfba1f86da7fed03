/** What a page says of itself and where it leads. */
import { createHash } from 'node:crypto';
import { elementsOf, htmlTree } from '../extract/html-tree.js';
import { canonicalUrl, parseUrl } from './canonical-url.js';

export interface PageLinks {
  /** In the order of the page, each once. */
  readonly links: readonly string[];
  readonly canonical: string | undefined;
  readonly index: boolean;
  readonly follow: boolean;
  /** Hash of the visible text; `undefined` for a page without any. */
  readonly digest: string | undefined;
}

const mostLinks = 5000;
const silent = new Set(['script', 'style', 'noscript', 'template', 'svg', 'head', 'title']);

/** The words of a robots meta element or an X-Robots-Tag header; words for other robots by name are not ours. */
export function robotsWords(text: string): ReadonlySet<string> {
  const words = new Set<string>();
  for (const part of text.toLowerCase().split(',')) {
    const word = part.trim();
    const named = /^([\w-]+)\s*:\s*(.*)$/.exec(word);
    if (named === null) words.add(word);
    else if (named[1] === 'octavo') words.add(named[2] ?? '');
  }
  if (words.has('none')) words.add('noindex').add('nofollow');
  if (words.has('noai')) words.add('noindex');
  return words;
}

export function readLinks(html: string, url: string, robotsHeader = ''): PageLinks {
  const root = htmlTree(html);
  const links = new Set<string>();
  const words = new Set(robotsWords(robotsHeader));
  let base = url;
  let baseSeen = false;
  let canonical: string | undefined;
  const hash = createHash('sha256');
  let letters = 0;
  const muted = new Set<unknown>();
  for (const element of elementsOf(root)) {
    const { tag, attributes, parent } = element;
    if (silent.has(tag) || muted.has(parent)) muted.add(element);
    else
      for (const child of element.children) {
        if (typeof child !== 'string') continue;
        const text = child.trim();
        letters += text.length;
        hash.update(text);
      }
    const href = attributes.get('href');
    if (tag === 'base' && href !== undefined && !baseSeen) {
      baseSeen = true;
      base = parseUrl(href, url)?.href ?? url;
    } else if (tag === 'meta') {
      const name = attributes.get('name')?.toLowerCase();
      const content = attributes.get('content') ?? '';
      if (name === 'robots' || name === 'octavo') for (const word of robotsWords(content)) words.add(word);
      const refresh = /^\s*\d+\s*[;,]\s*url\s*=\s*["']?([^"']+)/i.exec(content)?.[1];
      if (attributes.get('http-equiv')?.toLowerCase() === 'refresh' && refresh !== undefined) {
        const to = canonicalUrl(refresh, base);
        if (to !== undefined) links.add(to);
      }
    } else if (tag === 'link' && href !== undefined) {
      const rel = attributes.get('rel')?.toLowerCase().split(/\s+/) ?? [];
      if (rel.includes('canonical')) canonical ??= canonicalUrl(href, base);
      else if (rel.includes('next') || rel.includes('prev')) {
        const to = canonicalUrl(href, base);
        if (to !== undefined) links.add(to);
      }
    } else if ((tag === 'a' || tag === 'area') && href !== undefined && links.size < mostLinks) {
      if (/\b(nofollow|ugc|sponsored)\b/i.test(attributes.get('rel') ?? '')) continue;
      const to = canonicalUrl(href, base);
      if (to !== undefined) links.add(to);
    } else if ((tag === 'iframe' || tag === 'frame') && links.size < mostLinks) {
      const to = canonicalUrl(attributes.get('src') ?? '', base);
      if (to !== undefined && attributes.has('src')) links.add(to);
    }
  }
  links.delete(url);
  return {
    links: [...links],
    canonical,
    index: !words.has('noindex'),
    follow: !words.has('nofollow'),
    digest: letters === 0 ? undefined : hash.digest('base64url').slice(0, 22),
  };
}
