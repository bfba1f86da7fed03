/** Names that always mean this machine. */
const loopbackNames = ['localhost', '127.0.0.1', '[::1]'] as const;

/** True for addresses that only this machine can reach. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.test(host);

/** `host` or `host:port`, nothing else: no user, path, space, list, nor trailing dot. */
const hostForm = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?)(?::(\d{1,5}))?$/;

const parseHost = (text: string): { readonly name: string; readonly port: number | undefined } | undefined => {
  const match = hostForm.exec(text.toLowerCase());
  if (match === null) return undefined;
  const [, name = '', port] = match;
  return port !== undefined && Number(port) > 65_535
    ? undefined
    : { name, port: port === undefined ? undefined : Number(port) };
};

export interface AllowedNames {
  /** Names from the configuration, beside the loopback names. */
  readonly hosts: readonly string[];
  /** Origins of pages that may call, besides the server's own. */
  readonly origins: readonly string[];
}

export interface Caller {
  /** All values of the Host header. */
  readonly hosts: readonly string[];
  readonly origin: string | undefined;
  /** The address and port that the connection came to. */
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
}

/** An address in the form that a Host header has. */
const addressName = (address: string | undefined): string | undefined => {
  if (address === undefined) return undefined;
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return plain.includes(':') ? `[${plain}]` : plain;
};

/**
 * Whether the caller asked for us by a name of ours. A page whose name was rebound to this address sends its own name, and
 * is refused. The address that the connection came to is ours too: a name that was rebound is never an address.
 */
const hostAllowed = ({ hosts, localAddress }: Caller, allowed: AllowedNames): boolean => {
  const [host, ...more] = hosts;
  const asked = host === undefined || more.length > 0 ? undefined : parseHost(host);
  if (asked === undefined) return false;
  return [...loopbackNames, ...allowed.hosts, addressName(localAddress)].includes(asked.name);
};

/** Pages may call if they are ours: one of our names at our port, or an origin from the configuration. That `Origin` equals `Host` proves nothing. */
const originAllowed = ({ origin, localAddress, localPort }: Caller, allowed: AllowedNames): boolean => {
  if (origin === undefined || allowed.origins.includes(origin)) return true;
  const match = /^(https?):\/\/([^/?#@\\]+)$/.exec(origin);
  const from = match?.[2] === undefined ? undefined : parseHost(match[2]);
  if (from === undefined || localPort === undefined) return false;
  const port = from.port ?? (match?.[1] === 'https' ? 443 : 80);
  return port === localPort && [...loopbackNames, ...allowed.hosts, addressName(localAddress)].includes(from.name);
};

export const checkCaller = (caller: Caller, allowed: AllowedNames): 'allowed' | 'host' | 'origin' => {
  if (!hostAllowed(caller, allowed)) return 'host';
  return originAllowed(caller, allowed) ? 'allowed' : 'origin';
};

/** Every value of a header in `rawHeaders`, where names and values take turns. */
export const headerValues = (rawHeaders: readonly string[], name: string): readonly string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
