/** gzip and zstd, told by their first bytes, as bounded streams. Anything else passes through. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ZSTDDecoder } from 'zstddec/stream';
import { fail } from '../../core/index.js';
import { limits } from '../limits.js';

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

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, at) => bytes[at] === byte);

/** Decompresses if need be; stops with DATA_LIMIT when output outgrows input beyond any honest text. */
export async function* decompress(input: Bytes, where: string): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = input[Symbol.asyncIterator]();
  let first = new Uint8Array();
  while (first.length < 4) {
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
  if (!isGzip && !isZstd) {
    yield* counted();
    return;
  }
  let outputBytes = 0;
  for await (const piece of isGzip ? gunzip(counted(), where) : unzstd(counted(), where)) {
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
