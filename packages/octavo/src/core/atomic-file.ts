import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from './error.js';

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space and start the same command again',
  EDQUOT: 'the disk quota is used up: free some space and start the same command again',
  EROFS: 'the file system is read-only: choose a project folder that can be written',
  EACCES: 'this user may not write there: change the owner of the folder, or choose another',
  ENOMEM: 'this write needs more memory than there is for it: free some, or split the text among several runs',
  EMFILE: 'too many files are open: raise the limit with `ulimit -n 4096`',
};

/** The error of a failed write, with what to do about it. */
export const notWritten = (path: string, cause: unknown) => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  const remedy =
    remedies[code] ?? 'check the disk and the permissions of the folder, then start the same command again';
  return fail('FILE_NOT_WRITTEN', { what: `could not be written (${code})`, where: path, remedy, cause });
};

/** Writes every byte: `writeSync` may take fewer than it was given, and says so only by its result. */
export const writeAll = (file: number, bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
};

/** Makes renames and new names in a folder survive a power loss. */
export const syncFolder = (folder: string): void => {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

const discard = (path: string): void => {
  try {
    rmSync(path, { force: true });
  } catch {
    // The disk that refused the write may refuse this too; the first refusal is the one to tell.
  }
};

/**
 * Replaces a file so that a reader sees the old contents or the new, whole, also after a crash: written beside, synced,
 * renamed, folder synced. Parts come one after another. `mode` is cut by the process' umask. Without `sync` a crash of the
 * machine may leave less than the whole: only for what is checked when read, and can be made again. Errors: FILE_NOT_WRITTEN, the old contents intact.
 */
export const writeFileAtomic = (
  path: string,
  contents: string | Uint8Array | readonly Uint8Array[],
  { mode = 0o666, sync = true }: { readonly mode?: number; readonly sync?: boolean } = {},
): void => {
  const beside = `${path}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    const file = openSync(beside, 'wx', mode);
    try {
      for (const part of Array.isArray(contents) ? contents : [contents])
        writeAll(file, typeof part === 'string' ? Buffer.from(part) : part);
      if (sync) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
    if (sync) syncFolder(dirname(path));
  } catch (cause) {
    discard(beside);
    throw notWritten(path, cause);
  }
};
