import { constants } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { notWritten, syncFolder } from '../core/index.js';

/** A part of a file; a function is called only when its turn comes, so a large file needs little memory. */
export type Piece = Uint8Array | (() => Uint8Array | Promise<Uint8Array>);

/** Writes every byte from a place on, or behind what was written last. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, from?: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const place = from === undefined ? null : from + at;
    at += (await file.write(bytes, at, bytes.length - at, place)).bytesWritten;
  }
}

const isOfTheSystem = (cause: unknown): boolean => cause instanceof Error && 'syscall' in cause;

/**
 * Writes pieces one after another beside `path`, flushes, then renames: a reader sees the old file or the whole new
 * one, also after a crash. Returns the bytes written. A flush that failed is not tried again. Errors: FILE_NOT_WRITTEN.
 */
export async function writePiecesAtomic(path: string, pieces: Iterable<Piece> | AsyncIterable<Piece>): Promise<number> {
  const beside = `${path}.partial`;
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  let bytes = 0;
  try {
    const file = await open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644);
    try {
      for await (const piece of pieces) {
        const data = typeof piece === 'function' ? await piece() : piece;
        await writeAll(file, data);
        bytes += data.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    syncFolder(dirname(path));
    return bytes;
  } catch (cause) {
    await unlink(beside).catch(() => undefined);
    throw isOfTheSystem(cause) ? notWritten(path, cause) : cause;
  }
}
