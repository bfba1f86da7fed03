import { createReadStream, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { fail, notWritten, OctavoError, syncFolder } from '../../core/index.js';
import {
  type Blob,
  type BlobContext,
  type BlobStore,
  checkedPath,
  isBlobPath,
  mostBlobs,
  sortedByPath,
  tooManyBlobs,
} from './blobs.js';

const versionOf = ({ size, mtimeMs }: Stats): string => `${size}-${Math.trunc(mtimeMs)}`;

const beside = '.octavo-part';

/** A link could lead out of the folder. Errors: PATH_NOT_ALLOWED. */
export async function refuseLinks(root: string, path: string): Promise<void> {
  let at = root;
  for (const part of path.split('/')) {
    at = join(at, part);
    const status = await lstat(at).catch(() => undefined);
    if (status === undefined) return;
    if (status.isSymbolicLink())
      throw fail('PATH_NOT_ALLOWED', { what: 'a link stands in the way', where: at, remedy: 'remove it' });
  }
}

/** A folder of this machine, a mounted disk included. */
export function folderBlobs(root: string, { signal }: BlobContext): BlobStore {
  const pathOf = (path: string): string => join(root, ...checkedPath(path).split('/'));
  const list = async (folder: string): Promise<readonly Blob[]> => {
    const blobs: Blob[] = [];
    const walk = async (inside: string): Promise<void> => {
      const entries = await readdir(inside === '' ? root : pathOf(inside), { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
        if (!isBlobPath(path) || entry.name.endsWith(beside)) continue;
        if (entry.isDirectory()) await walk(path);
        if (!entry.isFile()) continue;
        const status = await lstat(pathOf(path));
        blobs.push({ path, bytes: status.size, version: versionOf(status) });
        if (blobs.length > mostBlobs) throw tooManyBlobs(root);
      }
    };
    await walk(folder === '' ? '' : checkedPath(folder));
    return sortedByPath(blobs);
  };
  return {
    url: root,
    list,
    stat: async (path) => {
      await refuseLinks(root, checkedPath(path));
      const status = await lstat(pathOf(path)).catch(() => undefined);
      return status?.isFile() === true ? { path, bytes: status.size, version: versionOf(status) } : undefined;
    },
    read: async function* ({ path, bytes }, from = 0) {
      await refuseLinks(root, checkedPath(path));
      if (from >= bytes) return;
      for await (const piece of createReadStream(pathOf(path), {
        start: from,
        end: bytes - 1,
        highWaterMark: 1 << 18,
        signal,
      }))
        yield piece;
    },
    write: async (path, bytes) => {
      const target = pathOf(path);
      await refuseLinks(root, path);
      const part = `${target}.${process.pid}${beside}`;
      try {
        await mkdir(dirname(target), { recursive: true });
        await rm(part, { force: true });
        const file = await open(part, 'wx');
        try {
          for await (const piece of bytes) {
            signal.throwIfAborted();
            await file.writeFile(piece);
          }
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(part, target);
        syncFolder(dirname(target));
      } catch (cause) {
        await rm(part, { force: true }).catch(() => undefined);
        if (cause instanceof OctavoError || signal.aborted) throw cause;
        throw notWritten(target.split(sep).join('/'), cause);
      }
    },
    remove: async (path) => {
      await refuseLinks(root, checkedPath(path));
      await rm(pathOf(path), { force: true });
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
