/** Texts made so that a reader which looks twice at what it passed over takes hours: each found by `scripts/fuzz.mjs --grow`. */
import { expect, it } from 'vitest';
import { maskSecrets } from '../../core/index.js';
import { readSitemap } from '../crawl/sitemap.js';
import { cutSpans } from '../duplicates/substrings.js';
import { globMatcher } from '../glob.js';
import { postText } from '../sources/post-text.js';
import { readFeed } from '../sources/read-feed.js';
import { wikitextToText } from './wikitext.js';

const many = (unit: string) => unit.repeat(100_000);
const item = (text: string) =>
  `<rss><item><guid>1</guid><title>${text}</title><description>${text}</description></item>`;
const first = '<item><guid>0</guid><description>kept</description></item>';

const texts: readonly (readonly [name: string, read: () => unknown, gives: unknown])[] = [
  [
    'a feed of tags that stay open',
    () => readFeed(`<rss>${first}${many('<a>')}${many('</b>')}`).items[0]?.text,
    'kept',
  ],
  [
    'a sitemap of tags that stay open',
    () => readSitemap(`${many('<a>')}${many('</b>')}`, 'https://a.example/').pages,
    [],
  ],
  ['a feed of tags that do not end', () => readFeed(item(many('&lt;a'))).items.length, 1],
  ['a post of spaces', () => postText(`<pre>a${many(' ')}b</pre>`).length, 100_002],
  ['a text of spaces', () => cutSpans(`a${many(' ')}b`, []), 'a b'],
  ['an error about one long word', () => maskSecrets(many('ab')).length, 200_000],
  ['a term of spaces', () => wikitextToText(`; a${many(' \t')}b`), 'a b'],
];
it.each(texts)('%s is read in time by its length', (_, read, gives) => {
  const before = process.cpuUsage();
  expect(read()).toEqual(gives);
  const { user } = process.cpuUsage(before);
  expect(user / 1e6).toBeLessThan(2);
});

it('a pattern that stands for too many is refused, and one of many is not cut', () => {
  expect(() => globMatcher('{a,b}'.repeat(30))).toThrowError('stands for more than 1000 patterns [DATA_SOURCE]');
  expect(() => globMatcher('['.repeat(100_000))).toThrowError('has more than 2048 characters');
  expect(globMatcher(`{${Array.from({ length: 300 }, (_, at) => at).join(',')}}`)('299')).toBe(true);
});
