/**
 * What the tour serves: a site with pages of a novel and what real ones have too (copies to print, spam, a trap, a feed, a
 * timeline), and a bucket.
 */
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import S3rver from 's3rver';

const asHtml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const paragraphs = (text) =>
  text
    .split('\n\n')
    .map((one) => `<p>${asHtml(one)}</p>`)
    .join('\n');
const spam = 'Casino jackpot! Best casino, free jackpot, click here to win the casino jackpot now. ';
const german =
  'Der alte Hafen lag still im Nebel, und die Fischer warteten auf den Morgen. Niemand sprach ein Wort, denn alle kannten das Meer. ';

const page = (title, body, head = '') =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>${head}</head><body>
<nav><a href="/">Home</a> <a href="/calendar/1">Calendar</a> <a href="/private/notes">Notes</a></nav>
<main><h1>${title}</h1>${body}</main><footer>All rights reserved. Cookies. Imprint.</footer></body></html>`;

export const serveSite = async ({ novel }, port) => {
  const pages = new Map();
  const list = (paths) => paths.map((path) => `<li><a href="${path}">${path}</a></li>`).join('');
  novel.slice(0, 100).forEach((text, n) => {
    pages.set(`/p/${n}`, page(`Passage ${n}`, `${paragraphs(text)}<a href="/p/${n + 1}">next</a>`));
    // A copy with a line of its own: a near duplicate.
    if (n % 10 === 0)
      pages.set(`/print/${n}`, page(`To print: ${n}`, `${paragraphs(text)}<p>Printed from the site on day ${n}.</p>`));
    // Another tells whose copy it is.
    if (n % 10 === 5)
      pages.set(`/copy/${n}`, page(`Passage ${n}`, paragraphs(text), `<link rel="canonical" href="/p/${n}">`));
  });
  for (let n = 0; n < 5; n++) pages.set(`/offer/${n}`, page(`Offer ${n}`, `<p>${spam.repeat(12)} ${n}</p>`));
  pages.set('/de', page('Hafen', `<p>${german.repeat(8)}</p>`));
  pages.set(
    '/',
    page(
      'Home',
      `<ul>${list([...pages.keys(), '/moved', '/missing'].filter((path) => !/^\/p\/[^0]/.test(path)))}</ul>`,
    ),
  );
  const atom = novel
    .slice(100, 120)
    .map(
      (text, n) =>
        `<entry><id>urn:tour:${n}</id><title>News ${n}</title><link href="/news/${n}"/><updated>2024-05-0${1 + (n % 9)}T00:00:00Z</updated><content type="html">${asHtml(paragraphs(text))}</content></entry>`,
    );
  const statuses = novel.slice(120, 160).map((text, n) => ({
    id: String(1000 - n),
    url: `https://social.example/@a/${n}`,
    uri: `https://social.example/@a/${n}`,
    created_at: '2024-05-01T00:00:00.000Z',
    language: 'en',
    content: paragraphs(text),
    visibility: 'public',
    spoiler_text: '',
    reblog: null,
    account: { noindex: false, bot: false },
  }));
  const answers = {
    '/robots.txt': () => ['text/plain', 'User-agent: *\nDisallow: /private/\nSitemap: /sitemap.xml\n'],
    '/sitemap.xml': () => [
      'application/xml',
      `<urlset>${[...Array(100).keys()].map((n) => `<url><loc>/p/${n}</loc></url>`).join('')}</urlset>`,
    ],
    '/feed.xml': () => [
      'application/atom+xml',
      `<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>${atom.join('')}</feed>`,
    ],
    '/api/v1/timelines/public': () => ['application/json', JSON.stringify(statuses)],
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://site');
    const [type, body] = answers[pathname]?.() ?? ['text/html; charset=utf-8', pages.get(pathname)];
    if (pathname === '/moved') response.writeHead(301, { location: '/p/1' }).end();
    // A calendar without end; octavo.yaml excludes it.
    else if (pathname.startsWith('/calendar/'))
      response
        .writeHead(200, { 'content-type': type })
        .end(page('Calendar', `<a href="/calendar/${Number(pathname.slice(10)) + 1}">next</a>`));
    else if (body === undefined) response.writeHead(404).end('absent');
    else
      response
        .writeHead(200, { 'content-type': type, 'content-encoding': 'gzip', etag: `"${body.length}"` })
        .end(gzipSync(body));
  });
  await new Promise((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

/** An S3 service with one bucket; its folder is where it keeps what it is given. */
export const serveBucket = async (folder, port) => {
  const configureBuckets = [{ name: 'tour', configs: [] }];
  const service = new S3rver({ port, address: '127.0.0.1', silent: true, directory: folder, configureBuckets });
  const address = await service.run();
  return {
    url: `http://127.0.0.1:${address.port}`,
    environment: { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' },
    close: () => service.close(),
  };
};
