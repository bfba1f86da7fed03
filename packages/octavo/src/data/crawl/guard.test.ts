/** F9: what leads to this machine or its network is refused, whatever its spelling; canaries count no hit. */
import { createServer, type Server } from 'node:http';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Address, guardedAgent, guardedUrl } from './guard.js';
import { privateSpellings } from './guard.test-support.js';
import { listen } from './local-site.test-support.js';

let canary: Server;
let hits = 0;
let port = 0;
beforeAll(async () => {
  canary = createServer((_, answer) => {
    hits++;
    answer.end('inside');
  });
  port = await listen(canary);
});
afterAll(() => canary.close());

/** What a fetch through the guard came to, past the first look at the URL too: connections judge for themselves. */
async function attempt(href: string, resolve: (name: string) => Promise<readonly Address[]>): Promise<string> {
  const agent = guardedAgent({ allowPrivate: false, resolve, connectSeconds: 2 });
  try {
    const { statusCode } = await request(href, { dispatcher: agent });
    return `fetched ${statusCode}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await agent.destroy();
  }
}

describe('the guard', () => {
  it.each(privateSpellings)('refuses %s', async (host) => {
    expect(() => guardedUrl(`http://${host}/`, { allowPrivate: false })).toThrow(/DATA_ADDRESS_REFUSED/);
    const never = () => Promise.reject(new Error('addresses written out are not looked up'));
    expect(await attempt(`http://${host}:${port}/`, never)).toMatch(/ is (?!port)|ENOTFOUND|Invalid URL/);
    expect(hits).toBe(0);
  });

  it.each([
    'file:///etc/passwd',
    'ftp://example.com/',
    'gopher://127.0.0.1/',
    'data:text/plain,x',
    'blob:http://a/b',
    'ws://example.com/',
    'http://example.com:22/',
    'http://example.com:8080/',
    'https://user@example.com/',
    'http://a:b@example.com/',
    'nonsense',
    'http://example.com@127.0.0.1/',
    'http://127.0.0.1\\@example.com/',
  ])('refuses %s', (href) => {
    expect(() => guardedUrl(href, { allowPrivate: false })).toThrow(/DATA_ADDRESS_REFUSED/);
  });

  it.each([
    [['127.0.0.1'], /is 127.0.0.1, which is loopback/],
    [['8.8.8.8', '10.0.0.5'], /is 10.0.0.5, which is private/],
    [['::1'], /not of the public Internet/],
    [['::ffff:169.254.169.254'], /link-local/],
    [[], /has no address/],
  ])('refuses a name that is %j', async (answers, message) => {
    const resolve = async () => answers.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    expect(await attempt(`http://inside.example:${port}/`, resolve)).toMatch(message);
    expect(hits).toBe(0);
  });

  it('looks at each new connection of a name that changes its answer, and connects to the address it looked at', async () => {
    let asked = 0;
    const resolve = async () => [{ address: asked++ === 0 ? '192.0.2.1' : '127.0.0.1', family: 4 }];
    for (let n = 0; n < 3; n++)
      expect(await attempt(`http://rebind.example:${port}/`, resolve)).toMatch(/documentation|loopback/);
    expect(asked).toBe(3);
    expect(hits).toBe(0);
  });

  it('lets a local site through where that is allowed', async () => {
    const agent = guardedAgent({ allowPrivate: true });
    const { body } = await request(guardedUrl(`http://127.0.0.1:${port}/`, { allowPrivate: true }), {
      dispatcher: agent,
    });
    expect(await body.text()).toBe('inside');
    await agent.destroy();
    hits = 0;
  });

  it('does not use the proxies of the environment', async () => {
    process.env['http_proxy'] = `http://127.0.0.1:${port}`;
    try {
      const resolve = async () => [{ address: '10.0.0.5', family: 4 }];
      expect(await attempt('http://proxied.example/', resolve)).toMatch(/private/);
      expect(hits).toBe(0);
    } finally {
      delete process.env['http_proxy'];
    }
  });
});
