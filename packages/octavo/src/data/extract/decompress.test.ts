import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decompress } from './decompress.js';
import { packedSamples } from './formats.test-support.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octavo-decompress-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(input: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces = [];
  for await (const piece of decompress(input, 'a file')) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** DuckDB writes zstd, which Node 20 cannot. */
async function zstd(select: string): Promise<Buffer> {
  const path = join(folder, 'x.csv.zst');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT csv, HEADER false, COMPRESSION zstd)`);
  connection.closeSync();
  instance.closeSync();
  return readFile(path);
}

describe('decompress', () => {
  it('passes plain bytes and opens gzip, in pieces of any size, members joined', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 64 }), async (bytes, size) => {
        const plain = Buffer.concat([Buffer.from('text'), bytes]);
        expect(await collect(inPieces(plain, size))).toEqual(plain);
        expect(await collect(inPieces(Buffer.concat([gzipSync(plain), gzipSync('more')]), size))).toEqual(
          Buffer.concat([plain, Buffer.from('more')]),
        );
      }),
      { numRuns: 50 },
    );
    expect(await collect(inPieces(new Uint8Array(), 1))).toHaveLength(0);
  });

  it('opens zstd of several blocks and frames', async () => {
    const packed = await zstd('SELECT hash(range)::VARCHAR AS a FROM range(40000)');
    const once = await collect(inPieces(packed, 65_536));
    expect(once.toString().split('\n')).toHaveLength(40_001);
    const twice = Buffer.concat([packed, packed]);
    for (const size of [1000, 65_536, 1 << 20]) {
      expect((await collect(inPieces(twice, size))).equals(Buffer.concat([once, once]))).toBe(true);
    }
  });

  it('stops bombs within 1 MiB of the limit', async () => {
    const bombs = [gzipSync(Buffer.alloc(40 << 20)), await zstd("SELECT repeat('0', 40000000) AS a")];
    for (const bomb of bombs) {
      let bytes = 0;
      const drain = async () => {
        for await (const piece of decompress(inPieces(bomb, 4096), 'bomb')) bytes += piece.length;
      };
      await expect(drain()).rejects.toMatchObject({ code: 'DATA_LIMIT', where: 'bomb' });
      expect(bytes).toBeLessThan(2 << 20);
    }
  });

  it('names a damaged file, cut or flipped, and never hangs', async () => {
    const plain = Buffer.from(Array.from({ length: 3000 }, (_, n) => `${n * 7919}`).join(' '));
    const packed = { gzip: gzipSync(plain), zstd: await zstd('SELECT hash(range)::VARCHAR AS a FROM range(3000)') };
    for (const [kind, bytes] of Object.entries(packed)) {
      await expect(collect(inPieces(bytes.subarray(0, bytes.length - 20), 512)), kind).rejects.toMatchObject({
        code: 'DATA_SOURCE',
      });
      let refused = 0;
      for (let at = 4; at < bytes.length; at += Math.ceil(bytes.length / 60)) {
        const bad = Buffer.from(bytes);
        bad[at] = (bad[at] ?? 0) ^ 0x10;
        await collect(inPieces(bad, 4096)).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'DATA_SOURCE', where: 'a file' });
          refused++;
        });
      }
      expect(refused, kind).toBeGreaterThan(kind === 'gzip' ? 40 : 10);
    }
  });

  it('opens zstd and xz that lie in one another, parts joined, after many damaged ones', async () => {
    // A frame that asks for a window of 128 MiB, holds a hundred bytes and breaks off.
    const head = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x88, 0x20, 3, 0];
    const bad = Buffer.concat([Buffer.from(head), Buffer.alloc(100, 65), Buffer.alloc(300, 255)]);
    for (let at = 0; at < 20; at++)
      await expect(collect(inPieces(bad, 512))).rejects.toMatchObject({ what: expect.stringContaining('zstd') });
    const good = await zstd('SELECT hash(range)::VARCHAR AS a FROM range(40000)');
    expect((await collect(inPieces(good, 65_536))).toString().split('\n')).toHaveLength(40_001);
    const text = 'Call me Ishmael. '.repeat(40);
    const xz = Buffer.from(packedSamples.xz, 'base64');
    expect((await collect(inPieces(Buffer.concat([xz, Buffer.alloc(8), xz]), 100))).toString()).toBe(text + text);
    const inside = async function* () {
      for await (const piece of decompress(inPieces(xz, 10), 'outer')) {
        expect((await collect(inPieces(xz, 99))).toString()).toBe(text);
        yield piece;
      }
    };
    expect((await collect(inside())).toString()).toBe(text);
    await expect(collect(inPieces(Buffer.concat([xz, Buffer.from('more')]), 100))).rejects.toMatchObject({
      what: expect.stringMatching(/it is cut off|something follows/),
    });
  });

  it('closes its source when the reader leaves early', async () => {
    const stream = createReadStream(new URL(import.meta.url), { highWaterMark: 64 });
    for await (const piece of decompress(stream, 'this file')) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect(stream.destroyed).toBe(true);
  });
});
