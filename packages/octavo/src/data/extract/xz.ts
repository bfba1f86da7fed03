/** xz as a bounded stream, chunk by chunk; streams that follow one another are joined. Format: .xz file format 1.2.1. */
import { createHash } from 'node:crypto';
import { ByteQueue } from './byte-queue.js';
import { type Checksum, crc32, crc32Checksum, crc64Checksum } from './crc.js';
import { Damaged } from './damaged.js';
import type { Bytes } from './decompress.js';
import { Lzma } from './lzma.js';

/** What xz -9 asks for. */
const mostDictionary = 64 * 1024 * 1024;
const magic = Buffer.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0);
const lzma2 = 0x21;

function sha256Checksum(): Checksum {
  const hash = createHash('sha256');
  return { add: (bytes) => hash.update(bytes), bytes: () => hash.digest() };
}

/** By the number in the flags of a stream; all of them have a length, but these are in use. */
const checks: Readonly<Record<number, (() => Checksum) | undefined>> = {
  0: () => ({ add: () => undefined, bytes: () => Buffer.alloc(0) }),
  1: crc32Checksum,
  4: crc64Checksum,
  10: sha256Checksum,
};

/** Exact numbers of bytes, counted. */
class Source {
  readonly #queue: ByteQueue;
  read = 0;

  constructor(input: Bytes) {
    this.#queue = new ByteQueue(input);
  }

  async take(bytes: number): Promise<Buffer> {
    const taken = await this.#queue.exactly(bytes);
    if (taken.length < bytes) throw new Damaged('it is cut off');
    this.read += bytes;
    return taken;
  }

  async upTo(bytes: number): Promise<Buffer> {
    return this.#queue.exactly(bytes);
  }

  async byte(): Promise<number> {
    return (await this.take(1))[0] ?? 0;
  }

  async checked(bytes: number, what: string): Promise<Buffer> {
    const content = await this.take(bytes);
    const sum = await this.take(4);
    if (crc32(content) !== sum.readUInt32LE()) throw new Damaged(`${what} is damaged`);
    return content;
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}

/** A number of 7 bits a byte, the lowest first. */
function numberAt(bytes: Buffer, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let byte = 0; byte < 7; byte++) {
    const next = bytes[at + byte];
    if (next === undefined) break;
    value += (next & 0x7f) * 2 ** (7 * byte);
    if (next < 0x80) return { value, end: at + byte + 1 };
  }
  throw new Damaged('a number in it has no end');
}

/** The bytes of dictionary that a block asks for. */
function dictionaryOf(header: Buffer): number {
  const flags = header[1] ?? 0;
  let at = 2;
  if ((flags & 0x3c) !== 0) throw new Damaged('a block has flags that nobody knows');
  for (const isGiven of [(flags & 0x40) !== 0, (flags & 0x80) !== 0]) if (isGiven) at = numberAt(header, at).end;
  const filter = numberAt(header, at);
  const size = numberAt(header, filter.end);
  if ((flags & 3) !== 0 || filter.value !== lzma2 || size.value !== 1)
    throw new Damaged('it is packed by another filter than LZMA2, as programs are');
  const bits = header[size.end] ?? 0xff;
  if (bits > 40) throw new Damaged('a block has no such dictionary');
  const bytes = bits === 40 ? 0xffffffff : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
  if (bytes > mostDictionary) throw new Damaged(`its dictionary is beyond ${mostDictionary} bytes`);
  return Math.max(bytes, 4096);
}

async function* chunks(source: Source, lzma: Lzma): AsyncGenerator<Uint8Array, void, undefined> {
  let isFirst = true;
  while (true) {
    const control = await source.byte();
    if (control === 0) return;
    const resets = control >= 0x80 ? (control >> 5) & 3 : 0;
    if (isFirst && control !== 1 && resets !== 3) throw new Damaged('a block does not begin with an empty window');
    isFirst = false;
    if (control === 1 || resets === 3) lzma.forget();
    if (control < 0x80) {
      if (control > 2) throw new Damaged('a chunk is of no known kind');
      yield lzma.stored(await source.take((await source.take(2)).readUInt16BE() + 1));
      continue;
    }
    const sizes = await source.take(4);
    if (resets >= 2) lzma.setProperties(await source.byte());
    else if (resets === 1) lzma.resetState();
    const bytes = ((control & 0x1f) << 16) + sizes.readUInt16BE() + 1;
    yield lzma.chunk(await source.take(sizes.readUInt16BE(2) + 1), bytes);
  }
}

async function skipIndex(source: Source): Promise<void> {
  // Its numbers name each block once more; what we need of it is its end.
  const start = source.read - 1;
  const bytes: number[] = [0];
  const number = async () => {
    const from = bytes.length;
    do bytes.push(await source.byte());
    while ((bytes.at(-1) ?? 0) >= 0x80 && bytes.length - from < 9);
    return numberAt(Buffer.from(bytes), from).value;
  };
  const records = await number();
  if (records > 10_000_000) throw new Damaged('it says that it has more than ten million blocks');
  for (let record = 0; record < 2 * records; record++) {
    await number();
    if (bytes.length > 65_536) bytes.length = 1;
  }
  await source.take((4 - ((source.read - start) & 3)) & 3);
  await source.take(4);
}

/** Errors: Damaged. */
export async function* unxz(input: Bytes): AsyncGenerator<Uint8Array, void, undefined> {
  const source = new Source(input);
  try {
    for (let stream = 0; ; stream++) {
      let start = await source.upTo(4);
      // Zeros in fours may stand between streams.
      while (stream > 0 && start.length === 4 && start.readUInt32LE() === 0) start = await source.upTo(4);
      if (stream > 0 && start.length === 0) return;
      const rest = await source.take(2);
      if (!Buffer.concat([start, rest]).equals(magic)) throw new Damaged('something follows its end');
      const flags = await source.checked(2, 'its header');
      const check = checks[flags[1] ?? 0];
      if (flags[0] !== 0 || check === undefined) throw new Damaged('it has a check that nobody knows');
      while (true) {
        const size = await source.byte();
        if (size === 0) break;
        const header = Buffer.concat([Buffer.of(size), await source.take(4 * size - 1)]);
        if (crc32(header) !== (await source.take(4)).readUInt32LE())
          throw new Damaged('the header of a block is damaged');
        const checksum = check();
        const before = source.read;
        for await (const piece of chunks(source, new Lzma(dictionaryOf(header)))) {
          checksum.add(piece);
          yield piece;
        }
        await source.take((4 - ((source.read - before) & 3)) & 3);
        const expected = checksum.bytes();
        if (!(await source.take(expected.length)).equals(expected)) throw new Damaged('a checksum does not fit');
      }
      await skipIndex(source);
      const footer = await source.take(12);
      if (footer.toString('latin1', 10) !== 'YZ') throw new Damaged('its end is damaged');
    }
  } finally {
    await source.close();
  }
}
