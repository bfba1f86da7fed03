/** Which links a crawl follows. */
import { globMatcher } from '../glob.js';
import type { CrawlOptions } from './options.js';

/** Paths that go in circles: one part four times, or too many parts. */
function isTrap(path: string): boolean {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.length > 24) return true;
  const counts = new Map<string, number>();
  for (const part of parts) {
    const count = (counts.get(part) ?? 0) + 1;
    if (count > 3) return true;
    counts.set(part, count);
  }
  return false;
}

const files =
  /\.(7z|aac|apk|avi|bin|bmp|bz2|class|css|csv|deb|dmg|docx?|eot|epub|exe|flac|gif|gz|ico|iso|jar|jpe?g|js|json|m4[av]|mjs|mov|mp[34]|mpe?g|msi|odt|og[agv]|otf|pdf|png|pptx?|rar|rpm|svg|tar|tgz|tiff?|ttf|wasm|wav|webm|webp|woff2?|wmv|xlsx?|xz|zip|zst)$/i;

export interface Scope {
  readonly contains: (url: string) => boolean;
  /** Widens the scope by where a first address led. */
  readonly addRoot: (url: string) => void;
}

export function scopeOf(
  seeds: readonly string[],
  { scope, include, exclude }: Pick<CrawlOptions, 'scope' | 'include' | 'exclude'>,
): Scope {
  const roots = seeds.map((seed) => new URL(seed));
  const included = include.map(globMatcher);
  const excluded = exclude.map(globMatcher);
  const bare = (host: string) => host.replace(/^www\./, '');
  const isBelow = (url: URL, root: URL): boolean => {
    if (scope === 'domain')
      return url.hostname === bare(root.hostname) || url.hostname.endsWith(`.${bare(root.hostname)}`);
    // A site is one whether it is asked by http or https.
    if (url.hostname !== root.hostname || (url.port !== root.port && url.protocol === root.protocol)) return false;
    return scope === 'host' || url.pathname.startsWith(root.pathname.replace(/[^/]*$/, ''));
  };
  return {
    addRoot: (url) => {
      roots.push(new URL(url));
    },
    contains: (href) => {
      const url = new URL(href);
      if (!roots.some((root) => isBelow(url, root)) || isTrap(url.pathname) || files.test(url.pathname)) return false;
      const path = `${url.pathname}${url.search}`.slice(1);
      if (excluded.some((fits) => fits(path))) return false;
      return included.length === 0 || included.some((fits) => fits(path));
    },
  };
}
