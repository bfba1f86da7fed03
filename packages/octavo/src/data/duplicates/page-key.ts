import { canonicalUrl } from '../crawl/canonical-url.js';

/**
 * One key for the addresses under which one page is found: `canonicalUrl` without scheme, `www.`, index file, empty segments
 * and last slash, its parameters sorted. Undefined where it is no http(s) address.
 */
export function pageKey(given: string): string | undefined {
  const spelled = canonicalUrl(given);
  if (spelled === undefined) return undefined;
  const url = new URL(spelled);
  const path = url.pathname.replace(/\/(?:index\.(?:html?|php))?$/, '').replaceAll(/\/{2,}/g, '/');
  const query = url.search.slice(1).split('&').toSorted().join('&');
  return `${url.host.replace(/^www\./, '')}${path}${query === '' ? '' : `?${query}`}`;
}
