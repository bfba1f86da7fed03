/**
 * A web site of real text: the Markdown that node_modules holds, cut into pages that lead to others, told apart by the
 * address of this machine that is asked, so that one server is as many hosts as are wanted.
 *
 *   node bench/crawl-site.mjs PAGES HOSTS      # prints {"port": …, "bytes": …} when it listens; ends with its input
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [pages, hosts] = process.argv.slice(2).map(Number);
const root = fileURLToPath(new URL('../node_modules', import.meta.url));
const names = readdirSync(root, { recursive: true })
  .filter((name) => /\.md$/i.test(name))
  .sort();

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const texts = [];
for (const name of names) {
  const paragraphs = readFileSync(join(root, name), 'utf8').split(/\n\s*\n/);
  for (let at = 0; at < paragraphs.length && texts.length < pages; at += 25)
    if (paragraphs.slice(at, at + 25).join('').length > 2000)
      texts.push({ name, lines: paragraphs.slice(at, at + 25) });
}
const perHost = Math.floor(texts.length / hosts);

/** Page `number` of a host leads to the next two of a tree, to ten others, and up and home. */
function pageOf(host, number) {
  const { name, lines } = texts[host * perHost + number];
  const link = (to) => `<a href="/p/${to}?utm_source=bench">Page ${to}</a>`;
  const near = [2 * number + 1, 2 * number + 2].filter((to) => to < perHost);
  const far = Array.from({ length: 10 }, (_, at) => (number * 7 + at * 31) % perHost);
  const title = escaped(`${name} ${number}`);
  return Buffer.from(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><nav>${[0, ...near].map(link).join(' ')}</nav><main><h1>${title}</h1>${lines.map((line) => `<p>${escaped(line)}</p>`).join('\n')}</main><footer>${far.map(link).join(' ')}</footer></body></html>`,
  );
}

const bodies = Array.from({ length: hosts }, (_, host) =>
  Array.from({ length: perHost }, (_, number) => pageOf(host, number)),
);
const server = createServer((request, response) => {
  const host = Number(/^127\.0\.0\.(\d+)/.exec(request.headers.host ?? '')?.[1] ?? 1) - 1;
  const path = new URL(request.url ?? '/', 'http://x').pathname;
  const body = bodies[host]?.[path === '/' ? 0 : Number(/^\/p\/(\d+)$/.exec(path)?.[1] ?? -1)];
  if (path === '/robots.txt')
    response.writeHead(200, { 'content-type': 'text/plain' }).end('User-agent: *\nDisallow: /private/\n');
  else if (body === undefined) response.writeHead(404).end();
  else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(body);
});
server.listen(0, '0.0.0.0', () => {
  const bytes = bodies.flat().reduce((sum, body) => sum + body.length, 0);
  process.stdout.write(`${JSON.stringify({ port: server.address().port, pages: hosts * perHost, bytes })}\n`);
});
process.stdin.on('close', () => process.exit()).resume();
