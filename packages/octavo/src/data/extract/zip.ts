/**
 * Members of a zip archive by its directory, inflated one at a time and never written to disk. Refused: zip64, members that
 * overlap, and more output than the limits allow; one by one: encryption, methods other than store and deflate.
 * Format: PKWARE APPNOTE 6.3.10.
 */
import { inflateRawSync } from 'node:zlib';
import { limits } from '../limits.js';
import { crc32 } from './crc.js';

/** Says what is wrong with an archive or a member. */
export class ZipRefused extends Error {}

export interface ZipMember {
  readonly path: string;
  readonly bytes: number;
  /** The name could point outside. */
  readonly isUnsafe: boolean;
  /** Its content, inflated and verified. Errors: ZipRefused. */
  readonly read: () => Buffer;
}

function endOfDirectory(archive: Buffer): number {
  for (let at = archive.length - 22; at >= Math.max(0, archive.length - 65_557); at--) {
    if (archive.readUInt32LE(at) === 0x06054b50 && at + 22 + archive.readUInt16LE(at + 20) === archive.length)
      return at;
  }
  throw new ZipRefused('it has no directory: it is cut, or no zip archive');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here.
const unsafe = /^\/|(^|\/)\.\.?(\/|$)|[\\:\u0000-\u001f]/;

function contentOf(
  archive: Buffer,
  entry: {
    readonly at: number;
    readonly packed: number;
    readonly bytes: number;
    readonly crc: number;
    readonly method: number;
    readonly path: string;
  },
): Buffer {
  const { at, packed, bytes, path } = entry;
  const refuse = (what: string) => new ZipRefused(`${path}: ${what}`);
  if (at + 30 > archive.length || archive.readUInt32LE(at) !== 0x04034b50) throw refuse('its header is damaged');
  const start = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  if (start + packed > archive.length) throw refuse('it lies outside the archive');
  const raw = archive.subarray(start, start + packed);
  let content = raw;
  if (entry.method !== 0 && entry.method !== 8) throw refuse(`it is packed by method ${entry.method}`);
  if (entry.method === 8) {
    try {
      content = inflateRawSync(raw, { maxOutputLength: Math.max(1, bytes) });
    } catch (cause) {
      throw refuse(cause instanceof RangeError ? 'it is larger than it says' : 'it does not inflate');
    }
  }
  if (content.length !== bytes) throw refuse('it is not as large as it says');
  if (crc32(content) !== entry.crc) throw refuse('its checksum does not fit');
  return content;
}

/** The regular files of an archive, in the order of its directory. Errors: ZipRefused. */
export function* zipMembers(archive: Buffer): Generator<ZipMember, void, undefined> {
  const end = endOfDirectory(archive);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  if (at === 0xffffffff || count === 0xffff) throw new ZipRefused('it is of the zip64 kind');
  let total = 0;
  let packedTotal = 0;
  for (let member = 0; member < count; member++) {
    if (at + 46 > end || archive.readUInt32LE(at) !== 0x02014b50) throw new ZipRefused('its directory is damaged');
    const flags = archive.readUInt16LE(at + 8);
    const nameLength = archive.readUInt16LE(at + 28);
    const next = at + 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
    if (next > end) throw new ZipRefused('its directory is damaged');
    const path = archive.toString((flags & 0x800) === 0 ? 'latin1' : 'utf8', at + 46, at + 46 + nameLength);
    const entry = {
      path,
      method: archive.readUInt16LE(at + 10),
      crc: archive.readUInt32LE(at + 16),
      packed: archive.readUInt32LE(at + 20),
      bytes: archive.readUInt32LE(at + 24),
      at: archive.readUInt32LE(at + 42),
    };
    at = next;
    total += entry.bytes;
    packedTotal += entry.packed;
    if (path.endsWith('/')) continue;
    if (packedTotal > archive.length) throw new ZipRefused('its members overlap');
    const isBomb = total > limits.ratioFreeBytes && total > limits.compressionRatio * archive.length;
    if (isBomb || total > limits.archiveBytes || entry.bytes > limits.wholeFileBytes)
      throw new ZipRefused(
        `it unpacks to more than ${limits.compressionRatio} times its size, or ${path.slice(0, 100)} to more than ${limits.wholeFileBytes} bytes`,
      );
    const isEncrypted = (flags & 1) !== 0;
    yield {
      path,
      bytes: entry.bytes,
      isUnsafe: path === '' || unsafe.test(path),
      read: () => {
        if (isEncrypted) throw new ZipRefused(`${path.slice(0, 100)} is encrypted`);
        return contentOf(archive, entry);
      },
    };
  }
}
