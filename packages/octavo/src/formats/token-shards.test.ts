import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatHeader } from './token-shard-header.js';
import { openTokenShard, writeTokenShard } from './token-shards.js';

const tokenizerHash = 'ab'.repeat(32);
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octavo-shards-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function readAll(path: string): Promise<number[]> {
  await using shard = await openTokenShard(path, { tokenizerHash });
  return Array.from(await shard.read(0, shard.header.count));
}

describe('token shards', () => {
  it.each([
    { vocabularySize: 65_536, idBytes: 2 },
    { vocabularySize: 65_537, idBytes: 4 },
  ])('give back ids below $vocabularySize in $idBytes bytes each', async ({ vocabularySize, idBytes }) => {
    const path = join(folder, `${vocabularySize}.tokens`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: vocabularySize - 1 })), async (ids) => {
        const header = writeTokenShard(path, { ids: Uint32Array.from(ids), vocabularySize, tokenizerHash });
        expect(header).toMatchObject({ idBytes, count: ids.length });
        expect((await readFile(path)).length).toBe(128 + ids.length * idBytes);
        expect(await readAll(path)).toEqual(ids);
      }),
      { numRuns: 30 },
    );
    expect((await readdir(folder)).filter((name) => !name.endsWith('.tokens'))).toEqual([]);
  });

  it('read any part', async () => {
    const path = join(folder, 'part.tokens');
    writeTokenShard(path, {
      ids: Uint16Array.from({ length: 1000 }, (_, n) => n),
      vocabularySize: 1000,
      tokenizerHash,
    });
    await using shard = await openTokenShard(path);
    expect(Array.from(await shard.read(990, 3))).toEqual([990, 991, 992]);
    expect(Array.from(await shard.read(1000, 0))).toEqual([]);
    await expect(shard.read(999, 2)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('refuse every flipped bit and every truncation, naming the file', async () => {
    const path = join(folder, 'flipped.tokens');
    writeTokenShard(path, {
      ids: Uint16Array.from({ length: 20 }, (_, n) => n * 3),
      vocabularySize: 64,
      tokenizerHash,
    });
    const good = await readFile(path);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(path, bad);
      await expect(readAll(path), `bit ${bit}`).rejects.toMatchObject({ code: 'TOKEN_SHARD_CORRUPT', where: path });
    }
    for (let length = 0; length < good.length; length += 3) {
      await writeFile(path, good.subarray(0, length));
      await expect(readAll(path)).rejects.toMatchObject({ code: 'TOKEN_SHARD_CORRUPT', where: path });
    }
    await writeFile(path, Buffer.concat([good, Buffer.from([0])]));
    await expect(readAll(path)).rejects.toMatchObject({ code: 'TOKEN_SHARD_CORRUPT', where: path });
  });

  it('refuse headers that lie though their checksum holds, before any memory is taken', async () => {
    const path = join(folder, 'lying.tokens');
    const honest = { idBytes: 2, count: 4, vocabularySize: 10, tokenizerHash, bodyHash: 'cd'.repeat(32) } as const;
    const lies = [
      { count: 2 ** 52 },
      { count: 5 },
      { idBytes: 4 as const },
      { vocabularySize: 0 },
      { vocabularySize: 65_537 },
    ];
    for (const lie of [...lies, {}]) {
      await writeFile(path, Buffer.concat([formatHeader({ ...honest, ...lie }), Buffer.alloc(8)]));
      await expect(readAll(path)).rejects.toMatchObject({ code: 'TOKEN_SHARD_CORRUPT', where: path });
    }
  });

  it('refuse an id beyond the vocabulary, a wrong tokenizer, a folder', async () => {
    const path = join(folder, 'beyond.tokens');
    writeTokenShard(path, { ids: Uint16Array.from([1, 10, 2]), vocabularySize: 10, tokenizerHash });
    await expect(readAll(path)).rejects.toThrow('holds id 10, beyond its vocabulary of 10');
    await expect(openTokenShard(path, { tokenizerHash: '00'.repeat(32) })).rejects.toMatchObject({
      code: 'TOKEN_SHARD_MISMATCH',
    });
    await expect(openTokenShard(folder)).rejects.toMatchObject({ code: 'TOKEN_SHARD_CORRUPT' });
    await expect(openTokenShard(join(folder, 'absent'))).rejects.toMatchObject({ code: 'TOKEN_SHARD_CORRUPT' });
  });
});
