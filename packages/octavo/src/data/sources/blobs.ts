/** `hdfs://namenode:9870/path/**` and `s3://bucket/prefix/**`: files of a cluster or a service, each fetched once and read as a file of this machine. */

import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, visibleLine } from '../../core/index.js';
import { sha256 } from '../../project/index.js';
import { type Blob, type BlobStore, joined } from '../blobs/blobs.js';
import { fetchBlob, sizeOf } from '../blobs/fetch-blob.js';
import { openBlobs, parseBlobPlace } from '../blobs/open-blobs.js';
import { formatOfName } from '../extract/formats.js';
import { readFileDocuments } from '../extract/read-file.js';
import { globMatcher, splitGlob } from '../glob.js';
import type { Source, SourceKind } from './kind.js';
import { fileBytes } from './list-files.js';

interface RemotePlace {
  readonly kind: 'hdfs' | 's3';
  /** With the scheme; without `pattern`. */
  readonly base: string;
  readonly pattern: string;
}

interface RemoteFile {
  readonly blob: Blob;
  /** Place in the source; empty where the source is the file. */
  readonly place: string;
}

const storeOf = (source: Source, url: string, signal: AbortSignal): BlobStore =>
  openBlobs(url, { hdfs: source.hdfs, s3: source.s3 }, { projectFolder: '', signal });

const hidden = /(^|\/)[._][^/]*/;

/** The files of a source, in the order of their paths. Errors: DATA_SOURCE when there are none. */
async function listed(
  source: Source,
  { base, pattern }: RemotePlace,
  store: BlobStore,
): Promise<readonly RemoteFile[]> {
  const isFile = formatOfName(base) !== undefined && pattern === '';
  if (isFile) {
    // The store was opened at the folder, so that the file has a name in it.
    const blob = await store.stat(base.slice(base.lastIndexOf('/') + 1));
    if (blob !== undefined) return [{ blob, place: '' }];
  }
  // Hadoop leaves _SUCCESS and the like beside what it writes.
  const isWanted =
    pattern === '' ? (path: string) => !hidden.test(path) && formatOfName(path) !== undefined : globMatcher(pattern);
  const found = isFile ? [] : (await store.list('')).filter(({ path }) => isWanted(path));
  if (found.length > 0) return found.map((blob) => ({ blob, place: blob.path }));
  throw fail('DATA_SOURCE', {
    what: `no file of a known format is there${pattern === '' ? '' : `, or none matches ${pattern}`}`,
    where: `data.sources: ${source.name} (${store.url})`,
    remedy: 'correct the address or the pattern',
  });
}

const opened = (source: Source, place: RemotePlace, signal: AbortSignal): BlobStore =>
  storeOf(
    source,
    place.pattern === '' && formatOfName(place.base) !== undefined
      ? place.base.slice(0, place.base.lastIndexOf('/'))
      : place.base,
    signal,
  );

const kindOf = (scheme: 'hdfs' | 's3'): SourceKind<RemotePlace> => ({
  parse: (from) => {
    if (!from.startsWith(`${scheme}://`)) return undefined;
    const [, host = '', path = ''] = /^[a-z0-9]+:\/\/([^/]*)\/?(.*)$/s.exec(from) ?? [];
    const { base, pattern } = path === '' ? { base: '.', pattern: '' } : splitGlob(path);
    const place = {
      kind: scheme,
      base: `${scheme}://${joined(host, base === '.' ? '' : base.replace(/(?<!\/)\/+$/, ''))}`,
      pattern,
    };
    parseBlobPlace(place.base);
    return place;
  },
  describe: ({ base }) => ({
    name: `${scheme}-${base.slice(base.lastIndexOf('/') + 1).replaceAll(/[^\w.-]/g, '-')}`
      .slice(0, 100)
      .replace(/-$/, ''),
  }),
  inputs: async (source, place) => {
    await using store = opened(source, place, new AbortController().signal);
    return (await listed(source, place, store)).map(({ blob, place: inside }) => [
      `${source.name}/${inside}`,
      `${blob.bytes}-${blob.version}`,
    ]);
  },
  open: async (source, place, { cacheFolder, signal }) => {
    const folder = join(cacheFolder, 'blobs');
    mkdirSync(folder, { recursive: true });
    let list: readonly RemoteFile[];
    {
      await using store = opened(source, place, signal);
      list = await listed(source, place, store);
    }
    return {
      from: joined(place.base, place.pattern),
      bytes: list.reduce((sum, { blob }) => sum + blob.bytes, 0),
      documents: async function* (read) {
        await using store = opened(source, place, signal);
        for (const { blob, place: inside } of list) {
          const where = `${store.url}/${blob.path}`;
          const path = join(folder, sha256(`${where}\n${blob.bytes}\n${blob.version}`).slice(0, 40));
          const isHere = (await sizeOf(path)) === blob.bytes;
          if (!isHere) {
            await rm(path, { force: true });
            await fetchBlob(store, blob, { path, tell: read });
          }
          yield* readFileDocuments(fileBytes(path, isHere ? read : () => undefined), {
            source,
            path: inside,
            where: visibleLine(where, 500),
          });
        }
      },
    };
  },
});

export const hdfs = kindOf('hdfs');
export const s3 = kindOf('s3');
