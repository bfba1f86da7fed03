import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fail, writeFileAtomic } from '../core/index.js';

/** A pipe or a device might never end. */
async function refusePipe(path: string): Promise<void> {
  if (!(await stat(path)).isFile()) throw new Error('it is no regular file');
}

/** SHA-256 of a regular file, in hexadecimal, read in pieces. */
export async function fileSha256(path: string): Promise<string> {
  await refusePipe(path);
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(1 << 20);
  await using file = await open(path);
  while (true) {
    const { bytesRead } = await file.read(piece, 0, piece.length);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(piece.subarray(0, bytesRead));
  }
}

/** Where the checksum of a file lies: one line as `sha256sum` writes it, so `sha256sum -c` reads it too. */
export const checksumPath = (path: string): string => `${path}.sha256`;

export const writeChecksum = (path: string, sha256: string): void =>
  writeFileAtomic(checksumPath(path), `${sha256}  ${basename(path)}\n`);

/** Refuses a file whose bytes are not those that were written. Errors: TABLE_CORRUPT. */
export async function verifyChecksum(path: string): Promise<void> {
  const remedy = 'delete the folder of the step that wrote it and run again: the step is redone';
  const read = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (cause) {
      throw fail('TABLE_CORRUPT', { what, where: path, remedy, cause });
    }
  };
  const line = await read(`no checksum lies beside it (${basename(checksumPath(path))})`, async () => {
    await refusePipe(checksumPath(path));
    return readFile(checksumPath(path), 'utf8');
  });
  const expected = /^([0-9a-f]{64}) [ *]/.exec(line)?.[1];
  const actual = await read('cannot be read', () => fileSha256(path));
  if (actual === expected) return;
  throw fail('TABLE_CORRUPT', {
    what: 'its bytes are not those that were written: the SHA-256 differs',
    where: path,
    remedy,
  });
}
