import { resolve } from 'node:path';
import { fail } from '../../core/index.js';

/** Where a database is. */
export type DatabasePlace = { readonly kind: 'sqlite'; readonly file: string } | DatabaseServer;

export interface DatabaseServer {
  readonly kind: 'mysql' | 'postgres';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Encrypted and with the server's certificate checked, unless the URL says ?tls=off or the server is this machine. */
  readonly tls: boolean;
}

const kinds: Readonly<Record<string, 'mysql' | 'postgres'>> = {
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
};
const ports = { mysql: 3306, postgres: 5432 } as const;

/** True for the URL of a database server. */
export const isServerUrl = (text: string): boolean => /^(mysql|mariadb|postgres(ql)?):\/\//i.test(text);

const wrong = (text: string, what: string) =>
  fail('STORE_URL', {
    what,
    where: text,
    remedy: `write it like mysql://user:\${DB_PASSWORD}@host:3306/database or postgres://user:\${DB_PASSWORD}@host/database; encode other signs of the password, @ as %40`,
  });

/** `${NAME}` stands for a variable of the environment, so that no password need be in a file. */
const withEnvironment = (text: string, environment: Readonly<Record<string, string | undefined>>): string =>
  text.replace(/\$\{([A-Za-z_]\w*)\}/g, (_, name: string) => {
    const value = environment[name];
    if (value === undefined) throw wrong(text, `the environment has no variable ${name}`);
    return encodeURIComponent(value);
  });

/**
 * Reads `sqlite:FILE`, a file's path, or the URL of a server. Relative files start at the project's folder.
 * Errors: STORE_URL.
 */
export function parseDatabasePlace(
  text: string,
  projectFolder: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): DatabasePlace {
  if (!isServerUrl(text)) {
    const file = text.replace(/^sqlite:(\/\/(?=\/))?/, '');
    if (file === '' || /^[a-z][a-z0-9+.-]+:\/\//i.test(file))
      throw wrong(text, 'this is neither a file nor the URL of MariaDB, MySQL or PostgreSQL');
    return { kind: 'sqlite', file: resolve(projectFolder, file) };
  }
  let url: URL;
  try {
    url = new URL(withEnvironment(text, environment));
  } catch (cause) {
    if (cause instanceof TypeError) throw wrong(text, 'this is not a URL');
    throw cause;
  }
  const kind = kinds[url.protocol];
  const database = decode(url.pathname.slice(1), text);
  if (kind === undefined || url.hostname === '' || database === '' || database.includes('/'))
    throw wrong(text, 'the URL needs a host and one database');
  for (const name of url.searchParams.keys())
    if (name !== 'tls') throw wrong(text, `the URL has a part ?${name} that is not known`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isHere = host === 'localhost' || host === '::1' || host.startsWith('127.');
  return {
    kind,
    host,
    port: url.port === '' ? ports[kind] : Number(url.port),
    user: decode(url.username, text),
    password: decode(url.password, text),
    database,
    tls: url.searchParams.get('tls') === 'on' || (!isHere && url.searchParams.get('tls') !== 'off'),
  };
}

const decode = (part: string, text: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    throw wrong(text, 'a % in the URL is not followed by two hexadecimal digits');
  }
};
