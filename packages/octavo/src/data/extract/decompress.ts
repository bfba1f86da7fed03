/** gzip, zstd, bzip2 and xz, told by their first bytes, as bounded streams. Anything else passes through. */
import { createGunzip } from 'node:zlib';
import { fail } from '../../core/index.js';
import { limits } from '../limits.js';
import { unbzip2 } from './bzip2.js';
import { Damaged } from './damaged.js';
import { inSlices } from './in-slices.js';
import { peeked } from './peeked.js';
import { unxz } from './xz.js';
import { unzstd } from './zstd.js';

export type Bytes = AsyncIterable<Uint8Array>;

/**
 * Piece by piece, so that all that comes before a damaged place is given, and the same at each reading: a stream of Node that
 * fails forgets what it had ready.
 */
async function* gunzip(input: Bytes): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = createGunzip();
  let wake = (): void => undefined;
  let failure: unknown;
  const told = () => wake();
  stream.on('readable', told).on('end', told).on('close', told);
  stream.on('error', (error) => {
    failure = error;
    wake();
  });
  /** Hands something over, and gives what comes of it. */
  const after = async function* (hand: (taken: () => void) => void) {
    let isTaken = false;
    hand(() => {
      isTaken = true;
      wake();
    });
    while (true) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      for (let piece = stream.read(); piece !== null; piece = stream.read()) yield piece;
      if (failure !== undefined) throw new Damaged('it does not inflate', { cause: failure });
      if (isTaken || stream.readableEnded) return;
      await woken;
    }
  };
  let given = 0;
  let end = 0;
  try {
    for await (const piece of inSlices(input)) {
      // Zeros after the last member are padding; anything else, if only a member behind zeros, would be lost.
      const last = piece.findLastIndex((byte) => byte !== 0);
      if (last !== -1) end = given + last + 1;
      given += piece.length;
      if (!stream.readableEnded) yield* after((taken) => stream.write(piece, taken));
    }
    if (!stream.readableEnded) yield* after(() => stream.end());
    if (end > stream.bytesWritten) throw new Damaged('something follows its end');
  } finally {
    stream.destroy();
  }
}

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, at) => bytes[at] === byte);

/** Bytes that came in packed, and what became of them. */
export interface Ratio {
  in: number;
  out: number;
}

export const isBomb = ({ in: packed, out }: Ratio): boolean =>
  out > limits.ratioFreeBytes && out > limits.compressionRatio * packed;

/**
 * Decompresses if need be; stops with DATA_LIMIT when output outgrows input beyond any honest text, also that of all members
 * of the archive it lies in, `archive`. Errors: DATA_SOURCE where it is damaged; what came before has been given.
 */
export async function* decompress(
  input: Bytes,
  where: string,
  { ratio = { in: 0, out: 0 }, archive }: { readonly ratio?: Ratio; readonly archive?: Ratio | undefined } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { start: first, bytes } = await peeked(input, 10);
  const counted = async function* () {
    for await (const piece of bytes) {
      ratio.in += piece.length;
      yield piece;
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
  const unpack = isGzip ? gunzip : isZstd ? unzstd : isXz ? unxz : isBzip2 ? unbzip2 : undefined;
  if (unpack === undefined) {
    yield* counted();
    return;
  }
  try {
    for await (const piece of unpack(counted())) {
      ratio.out += piece.length;
      if (archive !== undefined) archive.out += piece.length;
      const beyond = [ratio, archive].find((one) => one !== undefined && isBomb(one));
      if (beyond !== undefined) {
        throw fail('DATA_LIMIT', {
          what: `${beyond.in} compressed bytes became ${beyond.out} and more, beyond ${limits.compressionRatio} to 1`,
          where,
          remedy: 'if the file is honest, decompress it yourself and name the result in data.sources',
        });
      }
      yield piece;
    }
  } catch (cause) {
    if (!(cause instanceof Damaged)) throw cause;
    throw fail('DATA_SOURCE', {
      what: `is damaged: ${cause.message}; ${ratio.out} unpacked bytes were read before`,
      where,
      remedy: 'fetch or make the file again, or leave it out of data.sources',
      cause,
    });
  }
}
