/** Files that processes leave for one another: a SHA-256 and what it is of, renamed into place when it is whole. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../../core/index.js';

const digestBytes = 32;
const sha256Of = (parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** Errors: FILE_NOT_WRITTEN. */
export function writeSealed(path: string, ...parts: readonly Uint8Array[]): void {
  writeFileAtomic(path, Buffer.concat([sha256Of(parts), ...parts]));
}

/** What was written; undefined where there is no file, or none as it was written. */
export async function readSealed(path: string): Promise<Buffer | undefined> {
  const file = await readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  const body = file?.subarray(digestBytes);
  return body !== undefined && sha256Of([body]).equals(file?.subarray(0, digestBytes) ?? body) ? body : undefined;
}
