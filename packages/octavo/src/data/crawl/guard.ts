/**
 * The one way of the data room to the network: http and https to public addresses. A name is looked up here, every address
 * that it has is judged, and the connection goes to one of those, again for each new connection, so neither an odd
 * spelling, a redirect nor a name that changes its answer leads inside. Proxies of the environment are not used.
 */
import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { fail } from '../../core/index.js';
import { refusedAddress } from './address.js';
import { parseUrl } from './canonical-url.js';

export interface GuardOptions {
  /** Local sites may be reached, on any port. */
  readonly allowPrivate: boolean;
  /** Looks names up; the system's by default. */
  readonly resolve?: (name: string) => Promise<readonly Address[]>;
  readonly connectSeconds?: number;
}

export interface Address {
  readonly address: string;
  readonly family: number;
}

const resolveBySystem = (name: string): Promise<readonly Address[]> =>
  new Promise((done, failed) =>
    systemLookup(name, { all: true, verbatim: true }, (error, addresses) =>
      error === null ? done(addresses) : failed(error),
    ),
  );

/** The error of a refused connection; its message says what was refused. */
export class RefusedAddress extends Error {
  readonly code = 'REFUSED_ADDRESS';
}

/** What of an address can be judged before a name is looked up, or `undefined` if nothing speaks against it. */
export function refusedUrl(url: URL, { allowPrivate }: Pick<GuardOptions, 'allowPrivate'>): string | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `${url.protocol} is neither http: nor https:`;
  if (url.username !== '' || url.password !== '') return 'it holds a user name or password';
  if (allowPrivate) return undefined;
  if (url.port !== '' && url.port !== '80' && url.port !== '443') return `port ${url.port} is neither 80 nor 443`;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0) return undefined;
  const why = refusedAddress(host);
  return why === undefined ? undefined : `${host} is ${why}`;
}

const checkedLookup =
  ({ allowPrivate, resolve = resolveBySystem }: GuardOptions): LookupFunction =>
  (name, options, done) => {
    const refuse = (error: Error) => done(error, '', 0);
    resolve(name).then(
      (addresses) => {
        const bad = allowPrivate ? undefined : addresses.find(({ address }) => refusedAddress(address) !== undefined);
        const [first] = addresses;
        if (bad !== undefined)
          return refuse(new RefusedAddress(`${name} is ${bad.address}, which is ${refusedAddress(bad.address)}`));
        if (first === undefined) return refuse(new Error(`${name} has no address`));
        if (options.all === true) return done(null, [...addresses]);
        return done(null, first.address, first.family);
      },
      (error: unknown) => refuse(error instanceof Error ? error : new Error(String(error))),
    );
  };

/** Connections that keep to the guard's rules; one a host. Close it when done. */
export function guardedAgent(options: GuardOptions): Agent {
  const connect = buildConnector({
    lookup: checkedLookup(options),
    timeout: (options.connectSeconds ?? 10) * 1000,
    allowH2: false,
  });
  const guarded: buildConnector.connector = (to, done) => {
    const host = to.hostname.replace(/^\[|\]$/g, '');
    // Addresses written out are never looked up, so they are judged here.
    const why = options.allowPrivate || isIP(host) === 0 ? undefined : refusedAddress(host);
    if (why !== undefined) return done(new RefusedAddress(`${host} is ${why}`), null);
    return connect(to, (error, socket) => {
      if (error !== null || socket === null) return done(error ?? new Error('no connection'), null);
      const reached = socket.remoteAddress;
      if (!options.allowPrivate && (reached === undefined || refusedAddress(reached) !== undefined)) {
        socket.destroy();
        return done(new RefusedAddress(`${host} led to ${reached ?? 'nowhere'}`), null);
      }
      return done(null, socket);
    });
  };
  return new Agent({
    connect: guarded,
    connections: 1,
    pipelining: 1,
    maxHeaderSize: 64 * 1024,
    keepAliveTimeout: 30_000,
  });
}

/** The URL, parsed, or an error that says why it is not fetched. Errors: DATA_ADDRESS_REFUSED. */
export function guardedUrl(href: string, options: Pick<GuardOptions, 'allowPrivate'>): URL {
  const url = parseUrl(href);
  const why = url === undefined ? 'it is not a URL' : refusedUrl(url, options);
  if (url !== undefined && why === undefined) return url;
  throw fail('DATA_ADDRESS_REFUSED', {
    what: `${href.slice(0, 200)} is not fetched: ${why ?? ''}`,
    where: 'data.sources',
    remedy: 'name an http or https address of the public Internet, or set allowPrivate for a site of your own',
  });
}
