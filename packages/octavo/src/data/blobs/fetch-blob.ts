import { open, rename, stat } from 'node:fs/promises';
import { notWritten, OctavoError } from '../../core/index.js';
import type { Blob, BlobStore } from './blobs.js';

export const sizeOf = async (path: string): Promise<number | undefined> =>
  (await stat(path).catch(() => undefined))?.size;

/** Brings a file to the disk, from where an interrupted fetch had come; whole, it has its name. */
export async function fetchBlob(
  store: BlobStore,
  blob: Blob,
  { path, tell }: { readonly path: string; readonly tell: (bytes: number) => void },
): Promise<void> {
  const part = `${path}.part`;
  const before = (await sizeOf(part)) ?? 0;
  const from = before > blob.bytes ? 0 : before;
  try {
    const file = await open(part, from === 0 ? 'w' : 'a');
    try {
      tell(from);
      for await (const piece of store.read(blob, from)) {
        await file.writeFile(piece);
        tell(piece.length);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (cause) {
    if (cause instanceof OctavoError || (cause instanceof Error && cause.name === 'AbortError')) throw cause;
    throw notWritten(path, cause);
  }
}
