/** RSS 2.0, RSS 1.0 and Atom, tolerantly. Sources: rssboard.org/rss-specification, web.resource.org/rss/1.0, RFC 4287. */
import { readTags } from '../extract/read-tags.js';

export interface FeedItem {
  readonly id: string;
  readonly title: string;
  readonly url: string | undefined;
  readonly time: string | undefined;
  readonly text: string;
  readonly isHtml: boolean;
}

export interface Feed {
  readonly rights: string;
  readonly items: readonly FeedItem[];
}

const mostItems = 100_000;
/** Fuller text first. */
const bodies = ['content:encoded', 'content', 'description', 'summary', 'media:description'];

const isoOf = (text: string | undefined): string | undefined => {
  const ms = Date.parse((text ?? '').trim());
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
};

/** Text that was text in the feed, with its entities read: what HTML it may still hold is told by its tags. */
const looksLikeHtml = (text: string): boolean => /<\/?[a-z][^<>]*>|&(#\d+|[a-z]+);/i.test(text);

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

export function readFeed(xml: string, base?: string): Feed {
  const items: FeedItem[] = [];
  let item: Map<string, string> | undefined;
  let rights = '';
  let field: string | undefined;
  let collected = '';
  // Atom may hold its HTML as elements: they are written out again.
  let markup = 0;
  const resolve = (href: string): string | undefined => {
    try {
      return new URL(href.trim(), base).href;
    } catch {
      return undefined;
    }
  };
  const finish = (values: Map<string, string>) => {
    const body = bodies.find((name) => (values.get(name) ?? '').trim() !== '');
    const text = body === undefined ? '' : (values.get(body) ?? '');
    const url = resolve(values.get('href') ?? values.get('link') ?? values.get('rdf:about') ?? '');
    const title = (values.get('title') ?? '')
      .replaceAll(/<[^<>]*>/g, '')
      .replaceAll(/\s+/g, ' ')
      .trim();
    items.push({
      id: (values.get('guid') ?? values.get('id') ?? url ?? title).trim(),
      title,
      url,
      time: isoOf(values.get('published') ?? values.get('pubDate') ?? values.get('dc:date') ?? values.get('updated')),
      text,
      isHtml: looksLikeHtml(text),
    });
  };
  readTags(xml.replace(/^\uFEFF/, ''), {
    onopentag: (name, attributes) => {
      if (markup > 0) {
        markup++;
        collected += `<${name}>`;
      } else if ((name === 'item' || name === 'entry') && items.length < mostItems) {
        item = new Map();
        const about = attributes['rdf:about'];
        if (about !== undefined) item.set('rdf:about', about);
      } else if (name === 'link' && attributes['href'] !== undefined) {
        if ((attributes['rel'] ?? 'alternate') === 'alternate' && item !== undefined && !item.has('href'))
          item.set('href', attributes['href']);
      } else {
        field = name;
        collected = '';
        if (attributes['type'] === 'xhtml') markup = 1;
      }
    },
    ontext: (part) => {
      if (field !== undefined) collected += markup > 1 ? escaped(part) : part;
    },
    onclosetag: (name) => {
      if (markup > 1) {
        markup--;
        collected += `</${name}>`;
        return;
      }
      markup = 0;
      if (name === 'item' || name === 'entry') {
        if (item !== undefined) finish(item);
        item = undefined;
      } else if (name === field) {
        if (item !== undefined && !item.has(name)) item.set(name, collected);
        else if (item === undefined && /^(copyright|rights|dc:rights|creativeCommons:license)$/.test(name))
          rights ||= collected.trim();
      }
      field = undefined;
    },
  });
  return { rights, items };
}
