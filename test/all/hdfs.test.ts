/** HDFS by WebHDFS on Hadoop's own mini-cluster: what a folder and S3 are held to in the fast tests, and what only a cluster can do wrong. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, inPieces, keepsFiles, noise } from '../../packages/octavo/src/data/blobs/blobs.test-support.js';
import { hdfsFields } from '../../packages/octavo/src/data/blobs/fields.js';
import { openBlobs } from '../../packages/octavo/src/data/blobs/open-blobs.js';
import { readSource } from '../../packages/octavo/src/data/sources/read-source.test-support.js';
import { type Hadoop, hadoopJars, hadoopVersion, startHadoop } from './support/hadoop.js';

const jars = hadoopJars();
if ('why' in jars) console.warn(`SKIPPED: Hadoop ${hadoopVersion}, because ${jars.why}`);

describe.skipIf('why' in jars)(`Hadoop ${hadoopVersion}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-hdfs-'));
  let hadoop: Hadoop | undefined;
  const host = (): string => hadoop?.host ?? '';
  const open = (
    path: string,
    {
      options = {},
      signal = new AbortController().signal,
    }: { readonly options?: Readonly<Record<string, unknown>>; readonly signal?: AbortSignal } = {},
  ) =>
    openBlobs(`hdfs://${host()}/${path}`, { hdfs: hdfsFields.parse(options) }, { projectFolder: folder, signal }, {});
  beforeAll(async () => {
    if ('classPath' in jars) hadoop = await startHadoop(jars.classPath);
  });
  afterAll(async () => {
    await hadoop?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps files', async () => {
    await using all = open('');
    await all.write('below/here/.keep', inPieces(Buffer.from('x')));
    await all.remove('below/here/.keep');
    await using store = open('below/here');
    await keepsFiles(store);
  });

  it('keeps a file of many blocks, and gives any part of it', async () => {
    const large = noise(100_000_000);
    const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    await using store = open('large');
    await store.write('file', inPieces(large, 1_000_000));
    const blob = await store.stat('file');
    expect(blob?.bytes).toBe(large.length);
    if (blob === undefined) return;
    expect(digest(await bytesOf(store.read(blob)))).toBe(digest(large));
    expect(digest(await bytesOf(store.read(blob, 67_108_863)))).toBe(digest(large.subarray(67_108_863)));
  });

  it('reads on when a datanode dies', async () => {
    const bytes = noise(40_000_000, 4);
    await using store = open('dying');
    await store.write('file', inPieces(bytes, 1_000_000));
    const blob = await store.stat('file');
    if (blob === undefined || hadoop === undefined) throw new Error('what was written is there');
    const parts: Uint8Array[] = [];
    let got = 0;
    let isStopped = false;
    for await (const part of store.read(blob)) {
      parts.push(part);
      got += part.length;
      if (got > 2_000_000 && !isStopped) {
        isStopped = true;
        await hadoop.tell('stop-datanode');
      }
    }
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    for (let time = 0; time < 4; time++) expect(await bytesOf(store.read(blob, 39_000_000))).toHaveLength(1_000_000);
    await hadoop.tell('restart-datanode');
  });

  it('gives no name to what a killed program had not written whole', async () => {
    const script = `
      import { openBlobs } from ${JSON.stringify(join(import.meta.dirname, '../../packages/octavo/dist/data/blobs/open-blobs.js'))};
      const store = openBlobs('hdfs://${host()}/killed', {}, { projectFolder: '/', signal: new AbortController().signal });
      const bytes = async function* () {
        for (;;) { yield Buffer.alloc(1e6); process.stdout.write('.'); await new Promise((done) => setTimeout(done, 20)); }
      };
      await store.write('file', bytes());`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let written = 0;
    for await (const dots of child.stdout) {
      written += String(dots).length;
      if (written > 20) break;
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    await using store = open('killed');
    expect(await store.list('')).toEqual([]);
    expect(await store.stat('file')).toBeUndefined();
  });

  it('leaves nothing when it is told to stop', async () => {
    const stop = new AbortController();
    await using store = open('stopped', { signal: stop.signal });
    const bytes = async function* () {
      for (let count = 0; ; count++) {
        yield Buffer.alloc(1_000_000);
        if (count === 10) stop.abort();
        await sleep(5);
      }
    };
    await expect(store.write('file', bytes())).rejects.toThrow();
    await using after = open('stopped');
    expect(await after.list('')).toEqual([]);
  });

  it('says what is wrong', async () => {
    await using none = open('none');
    expect(await none.list('')).toEqual([]);
    await expect(bytesOf(none.read({ path: 'file', bytes: 10, version: '' }))).rejects.toMatchObject({
      code: 'BLOB_ABSENT',
    });
    await using stranger = open('large', { options: { user: 'stranger' } });
    await expect(stranger.write('new', inPieces(Buffer.from('x')))).rejects.toMatchObject({ code: 'BLOB_REFUSED' });
    await using elsewhere = open('large', { options: { datanodes: ['datanode-*.lan'] } });
    await expect(bytesOf(elsewhere.read({ path: 'file', bytes: 10, version: '' }))).rejects.toMatchObject({
      code: 'BLOB_REFUSED',
      remedy: expect.stringContaining('hdfs.datanodes'),
    });
    await using deaf = openBlobs(
      'hdfs://localhost:1/a',
      {},
      { projectFolder: folder, signal: new AbortController().signal },
      {},
    );
    await expect(deaf.list('')).rejects.toMatchObject({ code: 'BLOB_UNREACHABLE' });
  });

  it('is a source of text, fetched once', async () => {
    await using store = open('corpus');
    const rows = (from: number) =>
      Array.from({ length: 50 }, (_, at) => `${JSON.stringify({ text: `row ${from + at}` })}\n`).join('');
    await store.write('b/part 1.jsonl.gz', inPieces(gzipSync(rows(0))));
    await store.write('b/_SUCCESS', inPieces(new Uint8Array()));
    await store.write('a.txt', inPieces(Buffer.from('a text')));
    const fields = { from: `hdfs://${host()}/corpus`, name: 'corpus' };
    const first = await readSource(folder, fields);
    expect(first.documents.map(({ id }) => id).slice(0, 3)).toEqual([
      'corpus/a',
      'corpus/b/part 1:1',
      'corpus/b/part 1:2',
    ]);
    expect(first.documents).toHaveLength(51);
    const kept = readdirSync(join(folder, 'cache', 'blobs'));
    expect(await readSource(folder, fields)).toEqual(first);
    expect(readdirSync(join(folder, 'cache', 'blobs'))).toEqual(kept);
    const some = await readSource(folder, { ...fields, from: `hdfs://${host()}/corpus/**/*.gz` });
    expect(some.documents).toHaveLength(50);
    const one = await readSource(folder, { ...fields, from: `hdfs://${host()}/corpus/a.txt` });
    expect(one.documents.map(({ id, text }) => [id, text])).toEqual([['corpus', 'a text']]);
  });
});
