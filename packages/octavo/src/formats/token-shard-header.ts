/**
 * The first 128 bytes of a token shard, little-endian:
 *   0 magic "OCTAVOTK" · 8 u32 version · 12 u32 bytes an id (2 or 4) · 16 u64 ids · 24 u32 vocabulary size · 28 u32 zero
 *   32 SHA-256 of the tokenizer · 64 SHA-256 of the body · 96 SHA-256 of bytes 0 to 95
 * The ids follow at once and end the file, so a memory map of them is aligned.
 */
import { createHash } from 'node:crypto';
import { fail, invariant } from '../core/index.js';

export const headerBytes = 128;
const magic = Buffer.from('OCTAVOTK', 'latin1');
const version = 1;

export interface TokenShardHeader {
  /** Bytes of one id: 2 where the vocabulary has at most 65,536 entries. */
  readonly idBytes: 2 | 4;
  readonly count: number;
  readonly vocabularySize: number;
  /** SHA-256, hexadecimal. */
  readonly tokenizerHash: string;
  /** SHA-256 of the ids as they lie in the file, hexadecimal. */
  readonly bodyHash: string;
}

const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

export function formatHeader(header: TokenShardHeader): Uint8Array {
  invariant(/^[0-9a-f]{64}$/.test(header.tokenizerHash), 'the hash of a tokenizer is 64 hexadecimal digits');
  const bytes = Buffer.alloc(headerBytes);
  magic.copy(bytes);
  bytes.writeUInt32LE(version, 8);
  bytes.writeUInt32LE(header.idBytes, 12);
  bytes.writeBigUInt64LE(BigInt(header.count), 16);
  bytes.writeUInt32LE(header.vocabularySize, 24);
  bytes.write(header.tokenizerHash, 32, 'hex');
  bytes.write(header.bodyHash, 64, 'hex');
  digest(bytes.subarray(0, 96)).copy(bytes, 96);
  return bytes;
}

/** The error of a shard that cannot be trusted. */
export const corruptShard = (path: string, what: string) =>
  fail('TOKEN_SHARD_CORRUPT', {
    what,
    where: path,
    remedy: 'delete the folder of the tokenize step and run again: the shards are made anew',
  });

/** Reads the header of a file of `fileBytes` bytes; every field is checked against the others. Errors: TOKEN_SHARD_CORRUPT. */
export function parseHeader(path: string, bytes: Buffer, fileBytes: number): TokenShardHeader {
  if (bytes.length < headerBytes)
    throw corruptShard(path, `has ${bytes.length} bytes; a header alone takes ${headerBytes}`);
  if (!bytes.subarray(0, 8).equals(magic))
    throw corruptShard(path, 'is not a token shard: it does not begin with OCTAVOTK');
  if (!digest(bytes.subarray(0, 96)).equals(bytes.subarray(96, 128))) throw corruptShard(path, 'its header is damaged');
  const found = bytes.readUInt32LE(8);
  if (found !== version) throw corruptShard(path, `has version ${found}; this program reads version ${version}`);
  const idBytes = bytes.readUInt32LE(12);
  if (idBytes !== 2 && idBytes !== 4) throw corruptShard(path, `has ids of ${idBytes} bytes; 2 and 4 are known`);
  const vocabularySize = bytes.readUInt32LE(24);
  if (vocabularySize === 0 || vocabularySize > 2 ** (8 * idBytes)) {
    throw corruptShard(path, `has a vocabulary of ${vocabularySize}, which ids of ${idBytes} bytes cannot number`);
  }
  const count = bytes.readBigUInt64LE(16);
  if (bytes.readUInt32LE(28) !== 0 || count * BigInt(idBytes) + BigInt(headerBytes) !== BigInt(fileBytes)) {
    throw corruptShard(path, `says ${count} ids of ${idBytes} bytes, but has ${fileBytes} bytes`);
  }
  return {
    idBytes,
    count: Number(count),
    vocabularySize,
    tokenizerHash: bytes.toString('hex', 32, 64),
    bodyHash: bytes.toString('hex', 64, 96),
  };
}
