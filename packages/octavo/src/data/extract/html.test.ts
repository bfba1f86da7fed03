import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractArticle } from './html.js';
import { scorePage, scorePages } from './shingles.test-support.js';

const sentences = [
  'The harbour was quiet when the first boats came back, low in the water and followed by gulls.',
  'Nobody on the quay had expected so large a catch, and the ice was gone before noon.',
  'By evening the price had fallen by half, which pleased the cooks and nobody else.',
  'An old man counted the crates twice, wrote the sum into a blue book, and went home.',
];
const paragraphs = sentences.map((sentence) => `<p>${sentence} ${sentence.toUpperCase()}</p>`).join('\n');

const news = `<!doctype html><html lang="en-GB"><head>
<title>The catch of the year | The Harbour Times</title>
<meta property="article:published_time" content="2024-03-05T06:07:08Z">
<link rel="license" href="/licence">
<style>p { color: red }</style><script>var p = "<p>not text</p>";</script></head>
<body class="has-sidebar">
<nav><ul><li><a href="/">Home</a><li><a href="/sport">Sport, and all the results of the week</a></ul></nav>
<div class="cookie-banner"><p>We use cookies, as everybody does, and we ask you to accept every one of them now.</p></div>
<div id="wrap"><div class="storyContent"><h1>The catch of the year</h1><div class="byline">By A. Writer</div>
${paragraphs}
<figure><img src="x.jpg"><figcaption>A boat, seen from the quay, on the day that this page tells of.</figcaption></figure>
<h2>What it cost</h2>
<ul><li>ice<li>crates &amp; <b>ropes</b></ul>
<table><tr><th>day<th>price</tr><tr><td>Monday<td>4</tr></table>
<pre><code>for (const crate of crates) {
  count(crate);
}</code></pre>
<blockquote>Never again, said the cook, <i>never</i> again in all my life.</blockquote>
<div class="share-buttons"><a href="#">Share this story with all your friends, today.</a></div>
<h2>More</h2></div>
<div class="comments">${'<div class="comment"><p>I was there too, and I can say that all of this is quite untrue, every word.</p></div>'.repeat(12)}</div>
<div class="related-posts"><p>Read also how the harbour was built, a hundred years ago, by hand.</p></div></div>
<footer><p>All rights reserved, all wrongs reversed, by the Harbour Times and its heirs.</p></footer>`;

describe('extractArticle', () => {
  it('gives the article without what surrounds it, and what the page says of itself', () => {
    const { text, ...facts } = extractArticle(news, { url: 'https://example.org/2024/catch.html' });
    expect(facts).toEqual({
      title: 'The catch of the year',
      language: 'en-GB',
      published: '2024-03-05T06:07:08Z',
      licence: 'https://example.org/licence',
    });
    expect(text).toBe(
      [
        ...sentences.map((sentence) => `${sentence} ${sentence.toUpperCase()}`),
        '## What it cost',
        '- ice\n- crates & ropes',
        '| day | price |\n| Monday | 4 |',
        '```\nfor (const crate of crates) {\n  count(crate);\n}\n```',
        '> Never again, said the cook, never again in all my life.',
      ].join('\n\n'),
    );
  });

  it('goes by structure, whatever the script and without any names', () => {
    const body = '船队清晨返回港口，码头上没有人料到收获如此之大，冰块在中午之前就用完了。'.repeat(3);
    const page = `<body><div><a href=/>首页</a> <a href=/a>新闻</a></div><div><div><p>${body}</p><p>${body}</p><p>${body}</p></div>
      <div><ul><li><a href=/1>另一篇文章的标题，很长很长很长很长很长很长很长很长</a></li></ul></div></div></body>`;
    expect(extractArticle(page)).toEqual({ title: '', text: [body, body, body].join('\n\n') });
  });

  it('keeps an article that is named as its surroundings are', () => {
    const page = `<body><div class="sidebar-page widget"><div class="promo">${paragraphs}</div></div></body>`;
    expect(extractArticle(page).text.split('\n\n')).toHaveLength(sentences.length);
  });

  it('reads paragraphs parted by line breaks, and text of no element at all', () => {
    const [a = '', b = ''] = sentences;
    expect(extractArticle(`<div>${a}<br><br>${b}<br>${a}</div>`).text).toBe(`${a}\n\n${b}\n${a}`);
    expect(extractArticle(a).text).toBe(a);
    expect(extractArticle('')).toEqual({ title: '', text: '' });
  });

  it('takes a licence of Creative Commons, a date of linked data, and no date that is none', () => {
    const page = (head: string) => extractArticle(`<head>${head}</head><p>${sentences[0]}</p>`);
    expect(page('').licence).toBeUndefined();
    expect(extractArticle('<p>x <a href="https://creativecommons.org/licenses/by/4.0/deed.en">CC BY</a>').licence).toBe(
      'https://creativecommons.org/licenses/by/4.0/deed.en',
    );
    expect(page('<link rel=license href="javascript:alert(1)">').licence).toBeUndefined();
    const linked = (date: string) =>
      page(`<script type="application/ld+json">{"datePublished": "${date}"}</script>`).published;
    expect(linked('2020-02-29T10:00:00+0100')).toBe('2020-02-29T10:00:00+01:00');
    expect(linked('2021-02-29')).toBeUndefined();
    expect(linked('yesterday')).toBeUndefined();
  });

  it('ends on hostile pages, in bounded depth', () => {
    const pages = {
      nested: `${'<div>'.repeat(40_000)}deep, at last`,
      inline: `${'<b>'.repeat(40_000)}deep, at last`,
      closed: `${'<p>'.repeat(10_000)}${'</div>'.repeat(10_000)}deep, at last`,
      items: `${'<ul><li>'.repeat(10_000)}deep, at last`,
      attributes: `<b ${'x=1 '.repeat(20_000)}>deep, at last</b>`,
      value: `<b x="${'y'.repeat(200_000)}">deep, at last</b>`,
      entities: `${'&amp;'.repeat(20_000)} deep, at last`,
      breaks: `${'<br>'.repeat(20_000)}deep, at last`,
      ends: `${'</b>'.repeat(40_000)}deep, at last`,
      opened: `${'<'.repeat(40_000)}p>deep, at last`,
      articles: `${'<article class="post content">'.repeat(400)}${'<article><p>Words, many of them, stand here to be read.</p></article>'.repeat(2000)}deep, at last`,
    };
    for (const [name, page] of Object.entries(pages))
      expect(extractArticle(page).text, name).toContain('deep, at last');
    expect(extractArticle(`<!--${'x'.repeat(200_000)}`).text).toBe('');
    expect(extractArticle(`x${' '.repeat(200_000)}y`).text).toBe('x y');
  });

  it('never throws, whatever the tags', () => {
    const tag = fc.constantFrom(
      'div',
      'p',
      'li',
      'ul',
      'table',
      'tr',
      'td',
      'b',
      'a',
      'pre',
      'head',
      'body',
      'html',
      'article',
      'br',
      'script',
      'title',
      'form',
    );
    const piece = fc.oneof(
      tag.map((name) => `<${name}>`),
      tag.map((name) => `</${name}>`),
      fc.constantFrom(
        '<p class="article body',
        '" hidden>',
        '&#x0;',
        '&#x110000;',
        '<![CDATA[',
        ']]>',
        '<!--',
        '-->',
        '\0',
      ),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => extractArticle(pieces.join('')).text.length >= 0),
      { numRuns: 25 },
    );
  });
});

describe('the score of an extraction', () => {
  it('is that of runs of four words, averaged over pages', () => {
    expect(scorePage('a b c d e', 'a b c d')).toEqual({ both: 1, found: 1, wanted: 2 });
    expect(scorePages([scorePage('a b c d e', 'a b c d'), scorePage('x y z w', '')])).toEqual({
      precision: 1,
      recall: 0.25,
      f1: 0.4,
    });
  });
});
