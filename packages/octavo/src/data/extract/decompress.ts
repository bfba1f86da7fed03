/** gzip, zstd, bzip2 and xz, told by their first bytes, as bounded streams. Anything else passes through. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ZSTDDecoder } from 'zstddec/stream';
import { fail } from '../../core/index.js';
import { limits } from '../limits.js';
import { Bzip2Damaged, unbzip2 } from './bzip2.js';

export type Bytes = AsyncIterable<Uint8Array>;

/** Zero-length outputs that one input piece may cause before it counts as damaged: frames that hold nothing are legal. */
const emptyOutputs = 20_000;

const damaged = (where: string, kind: string, cause?: unknown) =>
  fail('DATA_SOURCE', {
    what: `is damaged: its ${kind} data does not decompress`,
    where,
    remedy: 'fetch or make the file again, or leave it out of data.sources',
    cause,
  });

async function* withoutEmpty(input: Bytes): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of input) {
    for (let at = 0; at < piece.length; at += 65_536) yield piece.subarray(at, at + 65_536);
  }
}

async function* gunzip(input: Bytes, where: string): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip();
  const source = Readable.from(input, { objectMode: false });
  source.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const piece of source.pipe(gunzip)) yield piece;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_'))
      throw damaged(where, 'gzip', cause);
    throw cause;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** The decoder pulls at most one piece of input for each output, so one piece ahead is enough to feed it. */
async function* unzstd(input: Bytes, where: string): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = new ZSTDDecoder();
  await decoder.init();
  const source = withoutEmpty(input);
  let ahead = await source.next();
  let pulled = false;
  const pieces = {
    *[Symbol.iterator]() {
      while (ahead.done !== true) {
        pulled = true;
        yield ahead.value;
      }
    },
  };
  const outputs = decoder.decodeStreaming(pieces);
  let empty = 0;
  try {
    while (true) {
      const output = outputs.next();
      if (output.done === true) return;
      if (pulled) {
        pulled = false;
        empty = 0;
        ahead = await source.next();
      }
      if (output.value.length > 0) yield output.value;
      else if (++empty > emptyOutputs) throw damaged(where, 'zstd');
    }
  } catch (cause) {
    if (cause instanceof Error && /Incomplete stream/.test(cause.message)) throw damaged(where, 'zstd', cause);
    throw cause;
  } finally {
    await source.return();
  }
}

async function* bunzip(input: Bytes, where: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* unbzip2(input);
  } catch (cause) {
    if (cause instanceof Bzip2Damaged) throw damaged(where, 'bzip2', cause);
    throw cause;
  }
}

/** Through an optional package: a WebAssembly decoder. Errors: PACKAGE_ABSENT. */
async function* unxz(input: Bytes, where: string): AsyncGenerator<Uint8Array, void, undefined> {
  const { XzReadableStream } = await import('xz-decompress').catch((cause: unknown) => {
    throw fail('PACKAGE_ABSENT', {
      what: 'reading .xz files needs the package xz-decompress, which is not installed',
      where,
      remedy: 'npm install xz-decompress@0.2.3',
      cause,
    });
  });
  const pieces = new XzReadableStream(ReadableStream.from(input)).getReader();
  try {
    while (true) {
      const next = await pieces.read().catch((cause: unknown) => {
        throw damaged(where, 'xz', cause);
      });
      if (next.done) return;
      if (next.value.length > 0) yield next.value;
    }
  } finally {
    await pieces.cancel().catch(() => undefined);
  }
}

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, at) => bytes[at] === byte);

/** Decompresses if need be; stops with DATA_LIMIT when output outgrows input beyond any honest text. */
export async function* decompress(input: Bytes, where: string): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = input[Symbol.asyncIterator]();
  let first = new Uint8Array();
  while (first.length < 10) {
    const next = await iterator.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  let inputBytes = 0;
  const counted = async function* () {
    try {
      inputBytes += first.length;
      yield first;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        inputBytes += next.value.length;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  };
  const isGzip = startsWith(first, [0x1f, 0x8b]);
  const isZstd = startsWith(first, [0x28, 0xb5, 0x2f, 0xfd]);
  const isXz = startsWith(first, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
  // `BZh`, a level, and the start of a block or the end: a text may begin with the first three letters.
  const isBzip2 =
    startsWith(first, [0x42, 0x5a, 0x68]) &&
    (startsWith(first.subarray(4), [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) ||
      startsWith(first.subarray(4), [0x17, 0x72, 0x45]));
  const unpack = isGzip ? gunzip : isZstd ? unzstd : isXz ? unxz : isBzip2 ? bunzip : undefined;
  if (unpack === undefined) {
    yield* counted();
    return;
  }
  let outputBytes = 0;
  for await (const piece of unpack(counted(), where)) {
    outputBytes += piece.length;
    if (outputBytes > limits.ratioFreeBytes && outputBytes > limits.compressionRatio * inputBytes) {
      throw fail('DATA_LIMIT', {
        what: `${inputBytes} compressed bytes became more than ${outputBytes - piece.length}, beyond ${limits.compressionRatio} to 1`,
        where,
        remedy: 'if the file is honest, decompress it yourself and name the result in data.sources',
      });
    }
    yield piece;
  }
}
