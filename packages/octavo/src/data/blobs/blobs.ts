/** Where large files are kept beside this machine's disk: one interface over a folder, HDFS and S3. */
import { fail } from '../../core/index.js';

export interface Blob {
  /** With `/`, below the place that was opened; no part is empty, `.` or `..`. */
  readonly path: string;
  readonly bytes: number;
  /** Changes when the contents do: the ETag, or the length and the time of the last change. */
  readonly version: string;
}

export interface BlobStore extends AsyncDisposable {
  /** The place, for people. */
  readonly url: string;
  /** All files below a folder (`''`: all), sorted by path. Errors: BLOB_UNREACHABLE, BLOB_REFUSED, DATA_LIMIT. */
  readonly list: (folder: string) => Promise<readonly Blob[]>;
  /** Errors: BLOB_UNREACHABLE, BLOB_REFUSED. */
  readonly stat: (path: string) => Promise<Blob | undefined>;
  /** The bytes from `from` on. A connection that breaks is taken up again where it was. Errors: BLOB_ABSENT and those above. */
  readonly read: (blob: Blob, from?: number) => AsyncIterable<Uint8Array>;
  /** The file has its name when it is whole, not before. Errors: those above. */
  readonly write: (path: string, bytes: AsyncIterable<Uint8Array>) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
}

export interface BlobContext {
  readonly signal: AbortSignal;
}

/** Names that a server may tell: more are refused, not kept in memory. */
export const mostBlobs = 1_000_000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be refused
const control = /[\u0000-\u001f\u007f]|\p{Cs}/u;

/** Whether a path stays below its folder, spelled in one way. */
export const isBlobPath = (path: string): boolean =>
  path.length <= 4096 &&
  !control.test(path) &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

/** Errors: PATH_NOT_ALLOWED. */
export function checkedPath(path: string): string {
  if (isBlobPath(path)) return path;
  throw fail('PATH_NOT_ALLOWED', {
    what: `"${path.slice(0, 100)}" cannot name a file of a store`,
    where: 'a path in a store',
    remedy: 'use parts without control characters that are not empty, . or ..',
  });
}

export const tooManyBlobs = (url: string) =>
  fail('DATA_LIMIT', {
    what: `there are more than ${mostBlobs} files`,
    where: url,
    remedy: 'name a folder below, or pack the files together',
  });

export const sortedByPath = (blobs: readonly Blob[]): readonly Blob[] =>
  blobs.toSorted((one, other) => (one.path < other.path ? -1 : 1));

/** `a/b` below `root`, either of which may be empty. */
export const joined = (root: string, path: string): string => [root, path].filter((part) => part !== '').join('/');
