/**
 * One spelling for each address. The URL parser of the platform (WHATWG) settles case, default ports, dot segments,
 * backslashes and odd spellings of addresses; here fragments, credentials, what only tracks or numbers a visitor, and
 * needless percent signs go. Source: RFC 3986 §6.
 */

/** Parameters that say where a visitor came from or who it is, never what is shown. */
const tracking =
  /^(utm_\w+|gclid|dclid|gbraid|wbraid|fbclid|msclkid|yclid|twclid|ttclid|igshid|mc_[ce]id|_ga|_gl|_hs(enc|mi)|mkt_tok|vero_(id|conv)|oly_(anon|enc)_id|ref_src|ref_url|spm|scm|wt_mc|icid|ito|cmpid|s_cid)$/i;
const session = /^(phpsessid|jsessionid|aspsessionid\w*|sessionid|session_id|sessid|sid|cfid|cftoken|zenid|oscsid)$/i;
const sessionInPath = /;(jsessionid|phpsessid|sid)=[^/;?]*/gi;

const longest = 2048;

/** `%7e` → `~`, `%c3` → `%C3`: unreserved characters stand for themselves, hex digits are capital. */
const tidyPercent = (text: string): string =>
  text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${hex.toUpperCase()}`;
  });

const nameOf = (parameter: string): string => {
  const name = parameter.split('=', 1)[0] ?? '';
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
};

/** `new URL` that gives `undefined` where it would throw. */
export function parseUrl(href: string, base?: string): URL | undefined {
  try {
    return new URL(href, base);
  } catch {
    return undefined;
  }
}

function tidied(href: string, base?: string): string | undefined {
  if (href.length > 4 * longest) return undefined;
  const url = parseUrl(href.trim(), base);
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  url.hash = '';
  url.username = '';
  url.password = '';
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.replace(/\.+$/, '');
  url.pathname = tidyPercent(url.pathname.replaceAll(sessionInPath, ''));
  const kept = url.search
    .slice(1)
    .split('&')
    .filter((parameter) => parameter !== '' && !tracking.test(nameOf(parameter)) && !session.test(nameOf(parameter)));
  url.search = kept.length === 0 ? '' : tidyPercent(kept.join('&'));
  return url.href.length > longest ? undefined : url.href;
}

/** The address in its one spelling, or `undefined` for what is no http(s) address, longer than 2,048 characters, or made to change for ever. */
export function canonicalUrl(href: string, base?: string): string | undefined {
  let text = tidied(href, base);
  // What came out of percent signs, or closed up when something went, may be tidied again: until nothing changes.
  for (let rounds = 0; text !== undefined && rounds < 8; rounds++) {
    const again = tidied(text);
    if (again === text) return text;
    text = again;
  }
  return undefined;
}
