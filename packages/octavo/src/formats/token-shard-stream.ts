import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { invariant, notWritten, syncFolder } from '../core/index.js';
import { writeAll } from './atomic-stream.js';
import { formatHeader, headerBytes } from './token-shard-header.js';
import { type TokenIds, tokenIds } from './token-shards.js';

export interface TokenShardStream {
  /** Ids in the narrowest array for the vocabulary, which must not change before the promise is settled. */
  readonly add: (ids: TokenIds) => Promise<void>;
  /** Gives the shard its header and its name. */
  readonly finish: () => Promise<void>;
  /** For one that is not finished: nothing is left of it. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** Writes a shard piece by piece, off this thread; under its name it is whole, also after a crash. Errors: FILE_NOT_WRITTEN. */
export async function streamTokenShard(
  path: string,
  { vocabularySize, tokenizerHash }: { readonly vocabularySize: number; readonly tokenizerHash: string },
): Promise<TokenShardStream> {
  const beside = `${path}.partial`;
  const idBytes = tokenIds(vocabularySize, 0) instanceof Uint16Array ? 2 : 4;
  const hash = createHash('sha256');
  const writing = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (cause) {
      throw notWritten(path, cause);
    }
  };
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const file = await writing(() => open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW));
  let count = 0;
  const discard = async (): Promise<void> => {
    await file.close();
    await rm(beside, { force: true });
  };
  return {
    add: async (ids) => {
      invariant(ids.BYTES_PER_ELEMENT === idBytes, 'ids are as wide as the vocabulary asks');
      const bytes = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
      const at = headerBytes + count * idBytes;
      count += ids.length;
      hash.update(bytes);
      await writing(() => writeAll(file, bytes, at));
    },
    finish: () =>
      writing(async () => {
        const header = { idBytes, count, vocabularySize, tokenizerHash, bodyHash: hash.digest('hex') } as const;
        await writeAll(file, formatHeader(header), 0);
        await file.sync();
        await file.close();
        await rename(beside, path);
        syncFolder(dirname(path));
      }).catch(async (error: unknown) => {
        await discard();
        throw error;
      }),
    [Symbol.asyncDispose]: discard,
  };
}
