/** Real MariaDB and PostgreSQL servers in folders of their own, gone after the test; they run as nobody where the test is root. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import postgres from 'pg';

const postgresFolder = (): string | undefined => {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).toSorted((one, other) => Number(other) - Number(one)) : [];
  return versions.map((version) => join(base, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')));
};
const firstOf = (...paths: readonly string[]): string | undefined => paths.find((path) => existsSync(path));
const mariadbd = firstOf('/usr/sbin/mariadbd', '/usr/sbin/mysqld', '/usr/local/sbin/mariadbd');
const installDb = firstOf('/usr/bin/mariadb-install-db', '/usr/bin/mysql_install_db');

export const hasMariadb = mariadbd !== undefined && installDb !== undefined;
export const hasPostgres = postgresFolder() !== undefined;

/** A user that may do little: PostgreSQL refuses to run as root. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is never text.
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
};

export interface DatabaseServer extends AsyncDisposable {
  /** A URL with the password, of an empty database. */
  readonly url: string;
  readonly password: string;
}

const password = "p@ss/w'ord:1";

const untilReady = async (child: ChildProcess, log: () => string, connect: () => Promise<void>): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    try {
      await connect();
      return;
    } catch (error) {
      if (attempt === 240 || child.exitCode !== null)
        throw new Error(`the server did not start: ${String(error)}\n${log()}`);
      await sleep(250);
    }
  }
};

const run = (command: string, args: readonly string[], folder: string) => {
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...nobody });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      log = (log + data.toString()).slice(-4000);
    });
  return { child, log: () => log };
};

const temporary = (name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), name));
  if (nobody.uid !== undefined) chownSync(folder, nobody.uid, nobody.gid);
  return folder;
};

const stopped = (child: ChildProcess, folder: string, signal: NodeJS.Signals) => async (): Promise<void> => {
  if (child.exitCode === null) {
    child.kill(signal);
    await once(child, 'close');
  }
  rmSync(folder, { recursive: true, force: true });
};

export async function startMariadb(...options: readonly string[]): Promise<DatabaseServer> {
  if (mariadbd === undefined || installDb === undefined) throw new Error('there is no MariaDB');
  const folder = temporary('octavo-mariadb-');
  const data = join(folder, 'data');
  mkdirSync(data);
  if (nobody.uid !== undefined) chownSync(data, nobody.uid, nobody.gid);
  execFileSync(
    installDb,
    ['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db', `--datadir=${data}`],
    {
      cwd: folder,
      stdio: 'pipe',
      ...nobody,
    },
  );
  const port = await freePort();
  const socketPath = join(folder, 's');
  const { child, log } = run(
    mariadbd,
    [
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${socketPath}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--pid-file=${folder}/pid`,
      `--tmpdir=${folder}`,
      '--max-allowed-packet=64M',
      ...options,
    ],
    folder,
  );
  await untilReady(child, log, async () => {
    const root = await mysql.createConnection({ socketPath, user: 'root' });
    await root.query('create database if not exists octavo character set utf8mb4');
    // Quotes are doubled, which holds whatever the server takes backslashes for.
    await root.query(
      `create user if not exists 'octavo'@'localhost' identified by '${password.replaceAll("'", "''")}'`,
    );
    await root.query("grant all on octavo.* to 'octavo'@'localhost'");
    await root.end();
  });
  return {
    url: `mariadb://octavo:${encodeURIComponent(password)}@127.0.0.1:${port}/octavo`,
    password,
    [Symbol.asyncDispose]: stopped(child, folder, 'SIGTERM'),
  };
}

export async function startPostgres(): Promise<DatabaseServer> {
  const bin = postgresFolder();
  if (bin === undefined) throw new Error('there is no PostgreSQL');
  const folder = temporary('octavo-postgres-');
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password);
  if (nobody.uid !== undefined) chownSync(passwordFile, nobody.uid, nobody.gid);
  execFileSync(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'octavo',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ],
    {
      cwd: folder,
      stdio: 'pipe',
      ...nobody,
    },
  );
  const port = await freePort();
  const { child, log } = run(
    join(bin, 'postgres'),
    ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder],
    folder,
  );
  await untilReady(child, log, async () => {
    const client = new postgres.Client({ host: '127.0.0.1', port, user: 'octavo', password, database: 'postgres' });
    await client.connect();
    await client.query('create database octavo').finally(() => client.end());
  });
  return {
    url: `postgres://octavo:${encodeURIComponent(password)}@127.0.0.1:${port}/octavo`,
    password,
    [Symbol.asyncDispose]: stopped(child, folder, 'SIGINT'),
  };
}
