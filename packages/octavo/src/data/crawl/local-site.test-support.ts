/** Web sites of this machine for tests: honest ones, and traps. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { invariant } from '../../core/index.js';

/** Starts a server on a free port of this machine and says which. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((done) => server.listen(0, host, done));
  const address = server.address();
  invariant(typeof address === 'object' && address !== null, 'a server that listens has a port');
  return address.port;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

export interface LocalSite {
  readonly url: string;
  readonly hits: Map<string, number>;
  /** Requests as they came: path, time, connection, headers. */
  readonly requests: {
    readonly path: string;
    readonly atMs: number;
    readonly socket: number;
    readonly headers: IncomingMessage['headers'];
  }[];
  readonly close: () => Promise<void>;
}

export const html = (title: string, body: string, head = ''): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>${head}</head><body><main><h1>${title}</h1>${body}</main></body></html>`;

export const links = (...hrefs: readonly string[]): string =>
  hrefs.map((href) => `<p><a href="${href}">${href}</a></p>`).join('');

/** Serves exact paths, or the longest path ending in `*` that fits; anything else is 404. A string is a page. */
export async function localSite(routes: Readonly<Record<string, string | Answer>>): Promise<LocalSite> {
  const hits = new Map<string, number>();
  const requests: LocalSite['requests'] = [];
  let sockets = 0;
  const numbers = new WeakMap<object, number>();
  const patterns = Object.keys(routes)
    .filter((route) => route.endsWith('*'))
    .sort((a, b) => b.length - a.length);
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    hits.set(path, (hits.get(path) ?? 0) + 1);
    const number = numbers.get(request.socket) ?? ++sockets;
    numbers.set(request.socket, number);
    requests.push({ path, atMs: performance.now(), socket: number, headers: request.headers });
    const url = new URL(path, 'http://site.test');
    const route =
      routes[path] ?? routes[url.pathname] ?? routes[patterns.find((one) => path.startsWith(one.slice(0, -1))) ?? ''];
    if (typeof route === 'function') return route(request, response, url);
    response.writeHead(route === undefined ? 404 : 200, {
      'content-type': path === '/robots.txt' ? 'text/plain' : 'text/html; charset=utf-8',
    });
    response.end(route ?? 'absent');
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    hits,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

export const redirectTo =
  (location: string, status = 302): Answer =>
  (_, response) => {
    response.writeHead(status, { location });
    response.end();
  };

export const packed =
  (body: string | Uint8Array, type = 'text/html'): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' });
    response.end(gzipSync(body));
  };
