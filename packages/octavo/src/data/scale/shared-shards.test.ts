import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { isFinished, sharedShards } from './shared-shards.js';

const root = mkdtempSync(join(tmpdir(), 'octavo-shards-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A process that works on the squares of 0 to 4. */
const worker = (name: string, signal = new AbortController().signal, mark?: (path: string) => void) => {
  const folder = join(root, name);
  const made: number[] = [];
  const shards = sharedShards<number>({
    folder,
    count: 5,
    make: async (shard) => {
      await setImmediate();
      made.push(shard);
      return shard * shard;
    },
    write: (path, result) => writeFileSync(path, String(result)),
    read: async (path) =>
      existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8') || 'null') ?? undefined) : undefined,
    signal,
    ...(mark === undefined ? {} : { mark }),
  });
  return { folder, made, ...shards };
};
const all = async (shards: { readonly results: () => AsyncGenerator<number> }) => {
  const found: number[] = [];
  for await (const one of shards.results()) found.push(one);
  return found;
};
const squares = [0, 1, 4, 9, 16];

describe('shards', () => {
  it('are each made once by any number of workers, and heard of by all', async () => {
    const workers = [worker('shared'), worker('shared'), worker('shared')];
    const heard: number[][] = [[], [], []];
    const own = await Promise.all(workers.map((one, at) => one.run((shard) => heard[at]?.push(shard))));
    expect(own.reduce((sum, count) => sum + count)).toBe(5);
    expect(workers.flatMap(({ made }) => made).toSorted()).toEqual([0, 1, 2, 3, 4]);
    for (const shards of heard) expect(shards.toSorted()).toEqual([0, 1, 2, 3, 4]);
    const late = worker('shared');
    expect(await all(late)).toEqual(squares);
    expect(late.made).toEqual([]);
  });

  it('that are damaged or not there are made where they are asked for', async () => {
    const one = worker('damaged');
    expect(await all(one)).toEqual(squares);
    await one.run(() => {});
    const other = worker('damaged');
    writeFileSync(join(other.folder, 'shards', '000003.shard'), '');
    expect(await all(other)).toEqual(squares);
    expect(other.made).toEqual([3]);
  });

  it('are not made again by one that comes when they were used', async () => {
    const one = worker('used');
    await one.run(() => {});
    await one.finish();
    expect(isFinished(one.folder)).toBe(true);
    const late = worker('used');
    expect(await late.run(() => {})).toBe(0);
    expect(late.made).toEqual([]);
    await one.reopen();
    expect(await late.run(() => {})).toBe(5);
  });

  it('are given in order while they are made, read only where another made them', async () => {
    const one = worker('joined');
    writeFileSync(join(one.folder, 'shards', '000002.shard'), '40');
    const running = one.run(() => {});
    const found: number[] = [];
    for await (const result of one.results(running)) {
      found.push(result);
      // What is read was written by another.
      if (found.length === 1) writeFileSync(join(one.folder, 'shards', '000000.shard'), '9');
    }
    expect(found).toEqual([0, 1, 40, 9, 16]);
    expect(one.made).toEqual([0, 1, 3, 4]);
  });

  it('are marked as done where they are given on at once, and given from any on', async () => {
    const marked: string[] = [];
    const one = worker('marked', undefined, (path) => {
      marked.push(basename(path));
      writeFileSync(path, '');
    });
    const running = one.run(() => {});
    const found: number[] = [];
    for await (const result of one.results(running, 2)) found.push(result);
    expect(found).toEqual([4, 9, 16]);
    expect(marked.length).toBeGreaterThan(0);
    // Another who needs them makes them.
    const other = worker('marked');
    expect(await other.run(() => {})).toBe(0);
    expect(await all(other)).toEqual(squares);
    expect(other.made).toHaveLength(marked.length);
  });

  it('end with what ended their making', async () => {
    const one = worker('ended');
    const results = one.results(Promise.reject(new Error('no more')));
    await expect(results.next()).rejects.toThrow('no more');
  });

  it('stop being made when the signal says so', async () => {
    const stop = new AbortController();
    const one = worker('stopped', stop.signal);
    await expect(one.run(() => stop.abort())).rejects.toThrow();
    expect(one.made.length).toBeLessThan(5);
    const other = worker('stopped');
    expect(await other.run(() => {})).toBe(5 - one.made.length);
  });
});
