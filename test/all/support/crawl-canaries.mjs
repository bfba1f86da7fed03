// Runs in a network namespace of its own, as its root: canaries on what a crawler must not reach, and a site that leads to
// them on an address that looks public. Arguments: a Chromium (or nothing). Writes what happened as JSON.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crawl } from '../../../packages/octavo/dist/data/crawl/crawl.js';
import { readLog } from '../../../packages/octavo/dist/data/crawl/crawl-log.js';
import { guardedAgent } from '../../../packages/octavo/dist/data/crawl/guard.js';
import { privateSpellings } from '../../../packages/octavo/dist/data/crawl/guard.test-support.js';
import { crawlOptions } from '../../../packages/octavo/dist/data/crawl/options.js';
import { openRender } from '../../../packages/octavo/dist/data/crawl/render.js';

const [executable] = process.argv.slice(2);
const publicAddress = '93.184.216.34';
const inside = ['127.0.0.1', '10.0.0.5', '169.254.169.254', '::1'];
const ports = [80, 443, 8080];
const folder = mkdtempSync(join(tmpdir(), 'octavo-canaries-'));

const listening = (server, port, host) =>
  new Promise((done, failed) => server.once('error', failed).listen(port, host, done));
const hits = [];
for (const host of inside)
  for (const port of ports) {
    const canary = createServer((request, response) => {
      hits.push(`answered ${host}:${port}${request.url}`);
      response.end('secret');
    });
    // Even a connection without a request is one too many.
    canary.on('connection', () => hits.push(`${host}:${port}`));
    await listening(canary, port, host);
    canary.unref();
  }

const hosts = [...privateSpellings, 'localhost', 'rebind.example', 'inside.example', 'metadata.example'];
/** As a server would send it that does not encode. */
const asBytes = (text) => Buffer.from(text).toString('latin1');
const served = [];
const page = (body, head = '') =>
  `<!doctype html><html><head><title>x</title>${head}</head><body>${body}</body></html>`;
const site = createServer((request, response) => {
  served.push(`${request.headers.host}${request.url}`);
  const html = (text) => response.writeHead(200, { 'content-type': 'text/html' }).end(text);
  const at = Number(/\d+$/.exec(request.url)?.[0]);
  if (request.url === '/robots.txt')
    return response.end(
      `Sitemap: http://169.254.169.254/map.xml\nSitemap: http://127.0.0.1:8080/\nSitemap: /map.xml\n`,
    );
  if (request.url === '/map.xml')
    return response.end(
      `<urlset>${hosts.map((host) => `<url><loc>http://${host}/from-map</loc></url>`).join('')}</urlset>`,
    );
  if (request.url.startsWith('/to/'))
    return response.writeHead(302, { location: asBytes(`http://${hosts[at]}/`) }).end();
  if (request.url.startsWith('/far/'))
    return response.writeHead(301, { location: asBytes(`//${hosts[at]}:8080/x`) }).end();
  if (request.url === '/script')
    return html(
      page(
        '<p id="p">before</p>' +
          inside.map((host) => `<iframe src="http://${host.includes(':') ? `[${host}]` : host}/"></iframe>`).join(''),
        `<script>for (const host of ['127.0.0.1', '10.0.0.5', '169.254.169.254', '[::1]', 'localhost', 'rebind.example']) for (const port of ['', ':443', ':8080']) {
          fetch('http://' + host + port + '/', { mode: 'no-cors' }).catch(() => {});
          fetch('http://' + host + port + '/', { mode: 'no-cors', method: 'POST' }).catch(() => {});
          try { new WebSocket('ws://' + host + port + '/'); } catch {}
          navigator.sendBeacon?.('http://' + host + port + '/');
          new Image().src = 'http://' + host + port + '/i';
        }
        try { const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:10.0.0.5:8080?transport=udp' }, { urls: 'turn:10.0.0.5:8080?transport=tcp', username: 'a', credential: 'b' }] }); peer.createDataChannel('x'); peer.createOffer().then((offer) => peer.setLocalDescription(offer)); } catch {}
        document.addEventListener('DOMContentLoaded', () => { document.getElementById('p').textContent = 'made by a script'; });</script>`,
      ),
    );
  html(
    page(
      ['/script', ...hosts.flatMap((host, n) => [`/to/${n}`, `/far/${n}`, `http://${host}/linked`])]
        .map((href) => `<a href="${href}">x</a>`)
        .join(' '),
    ),
  );
});
await listening(site, 80, publicAddress);

let asked = 0;
const resolve = async (name) => {
  const of = (address) => [{ address, family: address.includes(':') ? 6 : 4 }];
  if (name === 'site.example' || name.endsWith('.site.example')) return of(publicAddress);
  // A name that is public whenever it is first asked for, and inside right after.
  if (name === 'rebind.example') return of(asked++ % 2 === 0 ? publicAddress : inside[asked % 4]);
  if (name === 'inside.example') return [...of(publicAddress), ...of('10.0.0.5')];
  if (name === 'metadata.example') return of('::ffff:169.254.169.254');
  if (name === 'localhost') return of('127.0.0.1');
  throw new Error(`ENOTFOUND ${name}`);
};

const contact = 'a@b.example';
const options = crawlOptions.parse({ contact, delaySeconds: 0, pages: 2000, pageSeconds: 5 });
const signal = new AbortController().signal;
const outcomes = {};
const refusedSeeds = [];
const go = async (seed, name) => {
  try {
    const { generation } = await crawl([seed], options, { folder: join(folder, name), now: () => 0, signal, resolve });
    for await (const { entry } of readLog(join(folder, name, generation, 'log.jsonl')))
      if (entry.kind === 'done') outcomes[`${name} ${entry.outcome}`] = (outcomes[`${name} ${entry.outcome}`] ?? 0) + 1;
  } catch (error) {
    if (error.code !== 'DATA_ADDRESS_REFUSED') throw error;
    refusedSeeds.push(seed);
  }
};
await go('http://site.example/', 'site');
for (const [n, host] of privateSpellings.entries()) await go(`http://${host}/`, `seed-${n}`);
// A first address may lead to another host: there the scope itself does not hold it back.
for (const n of hosts.keys()) await go(`http://site.example/to/${n}`, `led-${n}`);
for (let n = 0; n < 6; n++) await go('http://rebind.example/', `rebind-${n}`);
await go('http://localhost/', 'localhost');

let rendered;
if (executable !== undefined) {
  const agent = guardedAgent({ allowPrivate: false, resolve });
  const render = await openRender(options, { executable, userAgent: 'octavo-test' });
  rendered = await render.page('http://site.example/script', agent, signal);
  for (const host of ['127.0.0.1', '10.0.0.5', '169.254.169.254', '[::1]', 'localhost'])
    await render.page(`http://${host}/`, agent, signal);
  await render.close();
  await agent.destroy();
}
// The control: these canaries do sing.
const before = [...hits];
for (const host of inside)
  await fetch(`http://${host.includes(':') ? `[${host}]` : host}:8080/`).then((answer) => answer.text());
rmSync(folder, { recursive: true });
const answer = {
  hits: before,
  control: hits.length - before.length,
  served: served.length,
  refusedSeeds: refusedSeeds.length,
  outcomes,
  rendered: rendered?.includes('made by a script'),
};
process.stdout.write(JSON.stringify(answer), () => process.exit());
