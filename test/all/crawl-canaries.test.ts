/** F9 in a network of its own: whatever a site, a name or a page's scripts try, nothing inside hears of it. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { privateSpellings } from '../../packages/octavo/src/data/crawl/guard.test-support.js';
import { hasBrowser, whyNoBrowser } from './support/browser.js';

const isolated = (script: string, ...args: readonly string[]) =>
  spawnSync('unshare', ['-Urn', 'sh', '-c', script, 'sh', ...args], { encoding: 'utf8', timeout: 240_000 });
const network =
  'ip link set lo up && for a in 169.254.169.254 10.0.0.5 93.184.216.34; do ip addr add $a/32 dev lo; done';
const possible = isolated(network).status === 0;
if (!possible) console.warn('skipped: canaries, because this machine lets nobody make a network (unshare, ip)');
if (!hasBrowser) console.warn(`skipped: canaries of pages that scripts build, ${whyNoBrowser}`);

it.skipIf(!possible)('reaches no canary', () => {
  const child = fileURLToPath(new URL('./support/crawl-canaries.mjs', import.meta.url));
  const browser = hasBrowser ? [process.env['CHROMIUM'] ?? '/usr/bin/chromium'] : [];
  const { stdout, stderr, status } = isolated(`${network} && exec "$@"`, process.execPath, child, ...browser);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { hits, control, served, refusedSeeds, outcomes, rendered } = JSON.parse(stdout);
  expect(hits).toEqual([]);
  expect(control).toBeGreaterThanOrEqual(8);
  expect(refusedSeeds).toBe(privateSpellings.length);
  expect(served).toBeGreaterThan(2 * privateSpellings.length);
  expect(outcomes['site redirect']).toBeGreaterThanOrEqual(2 * privateSpellings.length);
  if (hasBrowser) expect(rendered).toBe(true);
});
