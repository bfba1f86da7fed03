import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail } from '../../core/index.js';
import { formatOfName } from '../extract/formats.js';
import { globMatcher } from '../glob.js';
import type { FilesPlace } from './files.js';
import type { Source } from './kind.js';

export interface SourceFile {
  /** Absolute path. */
  readonly path: string;
  /** Place in the source, with `/`; empty where the source is the file. */
  readonly place: string;
  readonly bytes: number;
}

const missing = (source: Source, what: string) =>
  fail('DATA_SOURCE', {
    what,
    where: `data.sources: ${source.name}`,
    remedy: 'correct the path; relative ones begin where octavo.yaml lies',
  });

/** Regular files below a folder, sorted; names that begin with a dot and node_modules are passed over, links not followed. */
async function walk(folder: string, place: string): Promise<readonly SourceFile[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(
    ({ name }) => !name.startsWith('.') && name !== 'node_modules',
  );
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: SourceFile[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const inside = place === '' ? entry.name : `${place}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await walk(path, inside)));
    else if (entry.isFile()) files.push({ path, place: inside, bytes: (await stat(path)).size });
  }
  return files;
}

/** The files of a source on this machine, in a fixed order. Errors: DATA_SOURCE when there are none. */
export async function listFiles(
  source: Source,
  place: FilesPlace,
  projectFolder: string,
): Promise<readonly SourceFile[]> {
  const base = resolve(projectFolder, place.base);
  const status = await stat(base).catch(() => undefined);
  if (status === undefined) throw missing(source, `${place.base} does not exist`);
  if (status.isFile() && place.pattern === '') return [{ path: base, place: '', bytes: status.size }];
  if (!status.isDirectory()) throw missing(source, `${place.base} is neither a regular file nor a folder`);
  const isWanted =
    place.pattern === '' ? (path: string) => formatOfName(path) !== undefined : globMatcher(place.pattern);
  const files = (await walk(base, '')).filter((file) => isWanted(file.place));
  if (files.length > 0) return files;
  throw missing(
    source,
    place.pattern === ''
      ? `${place.base} holds no file of a known format (.txt, .md, .html, .jsonl, .csv, …)`
      : `no file matches ${place.base}/${place.pattern}`,
  );
}

/** The bytes of a file; `read` is told of each piece. */
export async function* fileBytes(
  path: string,
  read: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    read(piece.length);
    yield piece;
  }
}
