/** A crawl that lets a real Chromium build its pages, and what those pages may reach. */
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { guardedAgent } from '../../packages/octavo/src/data/crawl/guard.js';
import { html, listen, localSite } from '../../packages/octavo/src/data/crawl/local-site.test-support.js';
import { crawlOptions } from '../../packages/octavo/src/data/crawl/options.js';
import { openRender } from '../../packages/octavo/src/data/crawl/render.js';
import { hasBrowser, whyNoBrowser } from './support/browser.js';

if (!hasBrowser) console.warn(`skipped: pages that scripts build, ${whyNoBrowser}`);

// A browser that fetched the page by itself would reach the canary twice, by POST and by WebSocket.
it.skipIf(!hasBrowser)('shows what scripts built, through the guard alone', async () => {
  let canaryHits = 0;
  const canary = createServer((_, response) => {
    canaryHits++;
    response.end('secret');
  });
  canary.on('upgrade', (_, socket) => {
    canaryHits++;
    socket.destroy();
  });
  const port = await listen(canary);
  const site = await localSite({
    '/': html(
      'Built',
      '<p id="here"></p>',
      `<script defer src="/build.js"></script><script>
        try { new WebSocket('ws://127.0.0.1:${port}/'); } catch {}
        fetch('http://127.0.0.1:${port}/', { method: 'POST', mode: 'no-cors' }).catch(() => {});
      </script>`,
    ),
    '/build.js': (_, response) => {
      response.writeHead(200, { 'content-type': 'text/javascript' });
      response.end("document.getElementById('here').textContent = 'made by a script';");
    },
  });
  const agent = guardedAgent({ allowPrivate: true });
  const strict = guardedAgent({ allowPrivate: false });
  const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  const userAgent = 'octavo-test';
  const signal = new AbortController().signal;
  const open = await openRender(crawlOptions.parse({ allowPrivate: true }), { executable, userAgent });
  const shut = await openRender(
    { allowPrivate: false, pageSeconds: 20, pageBytes: 1 << 20 },
    { executable, userAgent },
  );
  try {
    expect(await open.page(site.url, agent, signal)).toContain('made by a script');
    expect((await shut.page(`http://127.0.0.1:${port}/`, strict, signal)) ?? '').not.toContain('secret');
    expect(canaryHits).toBe(0);
  } finally {
    await Promise.all([open.close(), shut.close(), agent.close(), strict.close(), site.close()]);
    canary.close();
  }
});
