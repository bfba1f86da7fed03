import { createCipheriv } from 'node:crypto';
import { expect } from 'vitest';
import type { BlobStore } from './blobs.js';

export const bytesOf = async (pieces: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
};

export const inPieces = async function* (bytes: Uint8Array, size = 65_536) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};

/** The same for the same number; no two pieces are alike. */
export const noise = (bytes: number, seed = 1): Buffer =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(bytes));

/** Names that break what is spliced into addresses; `:` is no letter of HDFS. */
export const strangeNames = [
  'a b+c%20d.txt',
  'ümlaut 中文 🙂.txt',
  '100%.txt',
  "q?x=1&y#z;'(!)*.txt",
  '~tilde=.txt',
  '[1]{2}@$,.txt',
  '%2e%2e.txt',
  '...txt',
];

async function* failing(bytes: Uint8Array) {
  yield* inPieces(bytes);
  throw new Error('the source broke');
}

/** What every kind of store is held to; `root` is where it was opened, so what is written stays below it. */
export async function keepsFiles(store: BlobStore): Promise<void> {
  expect(await store.list('')).toEqual([]);
  expect(await store.stat('none')).toBeUndefined();

  const text = noise(100_000);
  await store.write('folder/deep/a.bin', inPieces(text));
  const blob = await store.stat('folder/deep/a.bin');
  if (blob === undefined) throw new Error('what was written is there');
  expect(blob).toMatchObject({ path: 'folder/deep/a.bin', bytes: 100_000 });
  expect((await bytesOf(store.read(blob))).equals(text)).toBe(true);
  for (const from of [1, 65_536, 99_999])
    expect((await bytesOf(store.read(blob, from))).equals(text.subarray(from))).toBe(true);
  expect(await bytesOf(store.read(blob, 100_000))).toHaveLength(0);

  // Replaced as a whole, and told apart from before.
  await store.write('folder/deep/a.bin', inPieces(noise(70_000, 2)));
  const next = await store.stat('folder/deep/a.bin');
  expect(next?.bytes).toBe(70_000);
  expect(next?.version).not.toBe(blob.version);

  await store.write('folder/empty', inPieces(new Uint8Array()));
  const empty = await store.stat('folder/empty');
  expect(empty?.bytes).toBe(0);
  if (empty !== undefined) expect(await bytesOf(store.read(empty))).toHaveLength(0);

  for (const name of strangeNames) await store.write(`strange/${name}`, inPieces(Buffer.from(name)));
  const listed = await store.list('strange');
  expect(listed.map(({ path }) => path)).toEqual(strangeNames.map((name) => `strange/${name}`).toSorted());
  for (const one of listed) {
    expect(`strange/${(await bytesOf(store.read(one))).toString()}`).toBe(one.path);
    expect(await store.stat(one.path)).toEqual(one);
  }

  // A listing has several pages.
  for (let number = 0; number < 50; number++)
    await store.write(`many/${String(number).padStart(3, '0')}`, inPieces(Buffer.from(String(number))));
  expect(await store.list('many')).toHaveLength(50);
  expect((await store.list('')).length).toBe(52 + strangeNames.length);

  // What breaks on the way leaves the old file, or none.
  await expect(store.write('folder/deep/a.bin', failing(noise(200_000, 3)))).rejects.toThrow();
  await expect(store.write('folder/new', failing(noise(200_000, 3)))).rejects.toThrow();
  expect((await store.stat('folder/deep/a.bin'))?.version).toBe(next?.version);
  expect((await store.list('folder')).map(({ path }) => path)).toEqual(['folder/deep/a.bin', 'folder/empty']);

  for (const path of ['../out', 'a/../b', 'a//b', '/etc/passwd', '.', 'a/./b', 'a\u0000b', ''])
    await expect(store.write(path, inPieces(text))).rejects.toMatchObject({ code: 'PATH_NOT_ALLOWED' });

  await store.remove('folder/deep/a.bin');
  expect(await store.stat('folder/deep/a.bin')).toBeUndefined();
}
