/** Token shards: a checked header (token-shard-header.ts) and uint16 or uint32 ids to the end of the file. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { fail, invariant, writeFileAtomic } from '../core/index.js';
import { corruptShard, formatHeader, headerBytes, parseHeader, type TokenShardHeader } from './token-shard-header.js';

export type { TokenShardHeader } from './token-shard-header.js';
export type TokenIds = Uint16Array | Uint32Array;

/** The narrowest array that holds ids of this vocabulary. */
export const tokenIds = (vocabularySize: number, count: number): TokenIds =>
  vocabularySize <= 65_536 ? new Uint16Array(count) : new Uint32Array(count);

/** Writes a shard whole or not at all (see `writeFileAtomic`). Ids are uint16 where the vocabulary allows it. Errors: FILE_NOT_WRITTEN. */
export function writeTokenShard(
  path: string,
  shard: { readonly ids: TokenIds; readonly vocabularySize: number; readonly tokenizerHash: string },
  options?: { readonly sync?: boolean },
): TokenShardHeader {
  invariant(endianness() === 'LE', 'the machine is little-endian');
  const { vocabularySize, tokenizerHash } = shard;
  const narrow = tokenIds(vocabularySize, 0);
  const ids =
    narrow.BYTES_PER_ELEMENT === shard.ids.BYTES_PER_ELEMENT ? shard.ids : tokenIds(vocabularySize, shard.ids.length);
  if (ids !== shard.ids) ids.set(shard.ids);
  const body = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
  const header: TokenShardHeader = {
    idBytes: ids instanceof Uint16Array ? 2 : 4,
    count: ids.length,
    vocabularySize,
    tokenizerHash,
    bodyHash: createHash('sha256').update(body).digest('hex'),
  };
  writeFileAtomic(path, [formatHeader(header), body], options);
  return header;
}

export interface TokenShard {
  readonly path: string;
  readonly header: TokenShardHeader;
  /** Ids from `start`, `count` of them. The first call verifies the whole body. Errors: TOKEN_SHARD_CORRUPT. */
  readonly read: (start: number, count: number) => Promise<TokenIds>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

const pieceBytes = 1 << 20;

async function readExactly(
  file: FileHandle,
  path: string,
  place: { readonly offset: number; readonly bytes: number },
): Promise<Buffer> {
  const buffer = Buffer.from(new ArrayBuffer(place.bytes));
  let done = 0;
  while (done < place.bytes) {
    const { bytesRead } = await file.read(buffer, done, place.bytes - done, place.offset + done);
    if (bytesRead === 0) throw corruptShard(path, `ends ${place.bytes - done} bytes too early`);
    done += bytesRead;
  }
  return buffer;
}

const asIds = (bytes: Buffer, idBytes: 2 | 4): TokenIds =>
  idBytes === 2
    ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
    : new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);

async function verifyBody(file: FileHandle, path: string, header: TokenShardHeader): Promise<void> {
  const hash = createHash('sha256');
  const end = headerBytes + header.count * header.idBytes;
  let highest = -1;
  for (let offset = headerBytes; offset < end; offset += pieceBytes) {
    const piece = await readExactly(file, path, { offset, bytes: Math.min(pieceBytes, end - offset) });
    hash.update(piece);
    const ids = asIds(piece, header.idBytes);
    // An iterator would take longer than the checksum.
    for (let at = 0; at < ids.length; at++) highest = Math.max(highest, ids[at] ?? 0);
  }
  if (hash.digest('hex') !== header.bodyHash)
    throw corruptShard(path, 'its ids are not those that were written: the SHA-256 differs');
  if (highest >= header.vocabularySize)
    throw corruptShard(path, `holds id ${highest}, beyond its vocabulary of ${header.vocabularySize}`);
}

/**
 * Opens a shard: the header is checked now, the body (checksum, ids below the vocabulary size) before the first ids are
 * given out. Errors: TOKEN_SHARD_CORRUPT, TOKEN_SHARD_MISMATCH.
 */
export async function openTokenShard(
  path: string,
  expected: { readonly tokenizerHash?: string } = {},
): Promise<TokenShard> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw corruptShard(path, `cannot be read (${cause instanceof Error ? cause.message : cause})`);
  });
  try {
    const status = await file.stat();
    if (!status.isFile()) throw corruptShard(path, 'is not a regular file');
    const start = await readExactly(file, path, { offset: 0, bytes: Math.min(headerBytes, status.size) });
    const header = parseHeader(path, start, status.size);
    if (expected.tokenizerHash !== undefined && expected.tokenizerHash !== header.tokenizerHash) {
      throw fail('TOKEN_SHARD_MISMATCH', {
        what: `was made with tokenizer ${header.tokenizerHash.slice(0, 12)}…, not with ${expected.tokenizerHash.slice(0, 12)}…`,
        where: path,
        remedy: 'run the tokenize step again, or use the tokenizer that the shard was made with',
      });
    }
    let verified: Promise<void> | undefined;
    return {
      path,
      header,
      read: async (from, count) => {
        invariant(
          from >= 0 && count >= 0 && from + count <= header.count,
          `ids ${from} to ${from + count} lie in the shard`,
        );
        verified ??= verifyBody(file, path, header);
        await verified;
        const place = { offset: headerBytes + from * header.idBytes, bytes: count * header.idBytes };
        return asIds(await readExactly(file, path, place), header.idBytes);
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}
