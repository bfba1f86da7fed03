import { isIP } from 'node:net';

/** Names under which a server on this machine may always be asked. */
const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/** Whether listening there is seen by this machine alone. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));

/** An address as it stands in a Host header. */
const asName = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host).toLowerCase();

/** Names that are answered: loopback, the address listened on unless it means every address, and those configured. */
export const allowedNames = (listen: string, configured: readonly string[]): ReadonlySet<string> =>
  new Set([
    ...loopbackNames,
    ...(listen === '0.0.0.0' || listen === '::' ? [] : [asName(listen)]),
    ...configured.map(asName),
  ]);

/** Name and port of a Host header; undefined when it is odd. */
const parseHost = (header: string): { readonly name: string; readonly port: string } | undefined => {
  const match = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,252}))(?::(\d{1,5}))?$/i.exec(header);
  if (match?.[1] === undefined) return undefined;
  return { name: match[1].toLowerCase(), port: match[2] ?? '' };
};

/** Every header of that name, as they came: Node itself keeps only the first Host. */
const rawValues = (rawHeaders: readonly string[], name: string): readonly string[] =>
  rawHeaders.flatMap((key, at) => (at % 2 === 0 && key.toLowerCase() === name ? [rawHeaders[at + 1] ?? ''] : []));

const isOrigin = (origin: string, names: ReadonlySet<string>, port: number): boolean => {
  const match = /^(https?):\/\/(.+)$/.exec(origin);
  const host = match?.[2] === undefined ? undefined : parseHost(match[2]);
  if (host === undefined || !names.has(host.name)) return false;
  // A page on another port of this machine is another program's page. Behind a proxy, a configured name has the proxy's port.
  return host.port === String(port) || (host.port === '' && !loopbackNames.includes(host.name));
};

export type HostVerdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'wrong-host' }
  | { readonly kind: 'wrong-origin' };

/**
 * Against DNS rebinding and foreign pages: the Host header must be one of the names, whatever the method; a write must come
 * from no page at all, or from a page of one of the names. That Origin and Host are equal proves nothing: a rebound name
 * has both.
 */
export function judgeHost(
  request: { readonly method: string; readonly rawHeaders: readonly string[] },
  { names, port }: { readonly names: ReadonlySet<string>; readonly port: number },
): HostVerdict {
  const hosts = rawValues(request.rawHeaders, 'host');
  const host = hosts.length === 1 ? parseHost(hosts[0] ?? '') : undefined;
  if (host === undefined || !names.has(host.name)) return { kind: 'wrong-host' };
  if (request.method === 'GET' || request.method === 'HEAD') return { kind: 'allowed' };
  const origins = rawValues(request.rawHeaders, 'origin');
  return origins.every((origin) => isOrigin(origin, names, port)) ? { kind: 'allowed' } : { kind: 'wrong-origin' };
}
