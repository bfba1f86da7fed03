import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fingerprint } from '../duplicates/near-duplicates.js';
import { prose } from '../step.test-support.js';
import { type Cleaned, readShard, writeShard } from './shard-file.js';
import { rowsOf, shardPlan } from './shard-plan.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-shard-'));
afterAll(() => rmSync(folder, { recursive: true }));

const kept = (text: string): Cleaned => ({
  kind: 'kept',
  text,
  changes: { 'pii.email': 2 },
  digest: Buffer.alloc(32, text.length),
  print: fingerprint(text),
});
const documents: readonly Cleaned[] = [
  kept(prose(1)),
  { kind: 'dropped', reason: 'too-short', detail: '3 characters', excerpt: 'a\nb' },
  kept(''),
  kept('naïve 漢字 🙂\n'.repeat(9)),
];

describe('a shard file', () => {
  it('gives back what was written, and nothing where a byte is another', async () => {
    const path = join(folder, 'one');
    writeShard(path, documents);
    expect(await readShard(path)).toEqual(documents);
    const bytes = readFileSync(path);
    for (const at of [0, 40, bytes.length - 1]) {
      const broken = Buffer.from(bytes);
      broken[at] = (broken[at] ?? 0) ^ 1;
      writeFileSync(path, broken);
      expect(await readShard(path)).toBeUndefined();
    }
    writeFileSync(path, bytes.subarray(0, 20));
    expect(await readShard(path)).toBeUndefined();
    expect(await readShard(join(folder, 'absent'))).toBeUndefined();
  });
});

describe('shardPlan', () => {
  it.each([
    [0, 0],
    [1, 50],
    [10_000, 10_000 * 3000],
    [50_000, 50_000],
    [3, 3e8],
  ])('has each of %d documents once', (count, bytes) => {
    const plan = shardPlan({ documents: count, bytes });
    const rows = Array.from({ length: plan.shards }, (_, shard) => rowsOf(plan, shard));
    let next = 0;
    for (const { from, count: size } of rows) {
      expect(from).toBe(next);
      expect(size).toBeGreaterThan(0);
      next += size;
    }
    expect(next).toBe(count);
  });
});
