/** What a page says of itself in its head and its marks: title, language, date, licence. */
import { elementsOf, type HtmlElement } from './html-tree.js';

export interface PageFacts {
  readonly title: string;
  /** Texts of the page's own headings of the first level. */
  readonly headings: readonly string[];
  readonly language?: string;
  readonly licence?: string;
  readonly published?: string;
}

/** All text below an element in one line, at most so many characters. */
function lineOf(element: HtmlElement, most = 1000): string {
  let text = '';
  for (const { children } of elementsOf(element)) {
    for (const child of children) if (typeof child === 'string') text += child;
    if (text.length > most) break;
  }
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, most);
}

const isoDate = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?)?/;

/** A date as ISO 8601, with its time and zone where they are given; what is no date of a page is `undefined`. */
export function asIsoDate(text: string): string | undefined {
  const [, year = '', month = '', day = '', time, zone] = isoDate.exec(text.trim()) ?? [];
  const date = `${year}-${month}-${day}`;
  const parsed = new Date(`${date}T00:00:00Z`);
  if (year < '1970' || year > '2100' || Number.isNaN(parsed.getTime()) || parsed.getUTCDate() !== Number(day))
    return undefined;
  if (time === undefined) return date;
  return `${date}T${time.length === 5 ? `${time}:00` : time}${(zone ?? '').replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2')}`;
}

const dateNames = [
  'article:published_time',
  'og:published_time',
  'datepublished',
  'date',
  'dc.date',
  'dc.date.issued',
  'dcterms.date',
  'dcterms.created',
  'publishdate',
  'pubdate',
  'sailthru.date',
  'parsely-pub-date',
  'publication_date',
  'citation_publication_date',
  'cxenseparse:recs:publishtime',
];
const titleNames = ['og:title', 'twitter:title', 'dc.title', 'citation_title'];
const creativeCommons = /^https?:\/\/(?:www\.)?creativecommons\.org\/(?:licenses|publicdomain)\/[a-z0-9+\-./]+/i;
const plainLanguage = /^[a-z]{2,3}(?:[-_][a-z0-9]{1,8})*$/i;

/** The first date of a `datePublished` in linked data, without parsing it: it may be of any size and need not be sound. */
const linkedDate = (script: string): string | undefined => /"datePublished"\s*:\s*"([^"]{1,64})"/.exec(script)?.[1];
const linkedLicence = (script: string): string | undefined =>
  /"license"\s*:\s*"(https?:[^"\s]{1,256})"/.exec(script)?.[1];

/** A title without the name of the site behind its last bar or dash, where the page's own heading agrees. */
export function plainTitle(title: string, headings: readonly string[]): string {
  const heading = headings.find((one) => one.length >= 8 && title.includes(one));
  if (heading !== undefined) return heading;
  const cut = /^(.{10,}?)\s+(?:[|\u2013\u2014\u00b7\u00bb-]|::)\s+[^|\u2013\u2014\u00b7\u00bb]{2,40}$/.exec(title)?.[1];
  return cut ?? title;
}

/** The address that a link leads to, if it is one of the web. */
function webAddress(href: string, base: string | undefined): string | undefined {
  try {
    const address = new URL(href, base);
    return address.protocol === 'https:' || address.protocol === 'http:' ? address.href : undefined;
  } catch {
    return undefined;
  }
}

export function pageFacts(root: HtmlElement, url?: string): PageFacts {
  const meta = new Map<string, string>();
  const headings: string[] = [];
  let title = '';
  let language: string | undefined;
  let licence: string | undefined;
  let linked: string | undefined;
  let timed: string | undefined;
  const setMeta = (name: string | undefined, content: string | undefined) => {
    const key = name?.toLowerCase();
    if (key !== undefined && content !== undefined && content.trim() !== '' && !meta.has(key))
      meta.set(key, content.trim());
  };
  for (const element of elementsOf(root)) {
    const { tag, attributes } = element;
    if (tag === 'title' && title === '' && element.parent?.tag !== 'svg') title = lineOf(element);
    else if (tag === 'html') language ??= attributes.get('lang') ?? attributes.get('xml:lang');
    else if (tag === 'h1' && headings.length < 8) headings.push(lineOf(element));
    else if (tag === 'meta') {
      for (const name of ['property', 'name', 'itemprop', 'http-equiv'])
        setMeta(attributes.get(name), attributes.get('content'));
    } else if (tag === 'time') {
      if (attributes.get('itemprop') === 'datePublished' || attributes.has('pubdate'))
        setMeta('datepublished', attributes.get('datetime'));
      timed ??= attributes.get('datetime');
    } else if (tag === 'script' && attributes.get('type') === 'application/ld+json') {
      const script = element.children.filter((child) => typeof child === 'string').join('');
      linked ??= linkedDate(script);
      licence ??= linkedLicence(script);
    }
    if (tag === 'a' || tag === 'link') {
      const href = attributes.get('href') ?? '';
      if (/\blicense\b/i.test(attributes.get('rel') ?? '')) licence ??= webAddress(href, url);
      else if (tag === 'a') licence ??= creativeCommons.exec(href)?.[0];
    }
  }
  const firstOf = (names: readonly string[]) =>
    names.map((name) => meta.get(name)).find((value) => value !== undefined);
  language ??= meta.get('content-language') ?? meta.get('og:locale');
  licence ??= meta.get('dcterms.license') ?? meta.get('dc.rights.license');
  const published = [linked, ...dateNames.map((name) => meta.get(name)), timed]
    .map((found) => (found === undefined ? undefined : asIsoDate(found)))
    .find((found) => found !== undefined);
  return {
    title: plainTitle(firstOf(titleNames) ?? (title === '' ? (headings[0] ?? '') : title), headings),
    headings,
    ...(language !== undefined && plainLanguage.test(language) ? { language: language.replace('_', '-') } : {}),
    ...(licence === undefined ? {} : { licence: licence.slice(0, 300) }),
    ...(published === undefined ? {} : { published }),
  };
}
