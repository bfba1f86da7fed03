/** Parameters that say where a reader came from, not which page it is. */
const tracking = /^(?:utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid|ref|ref_src|spm|_ga)$/i;

/**
 * One form for the addresses of one page: no scheme, `www.`, port by default, fragment, tracking parameters, index file or
 * last slash; parameters sorted. Undefined where it is no address.
 */
export function canonicalUrl(given: string): string | undefined {
  if (!URL.canParse(given)) return undefined;
  const url = new URL(given);
  const parameters = [...url.searchParams].filter(([name]) => !tracking.test(name));
  parameters.sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1));
  const query = parameters.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
  const path = url.pathname.replace(/\/(?:index\.(?:html?|php))?$/, '').replaceAll(/\/{2,}/g, '/');
  return `${url.host.replace(/^www\./, '')}${path}${query === '' ? '' : `?${query}`}`;
}
