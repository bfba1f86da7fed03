import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { prose } from '../step.test-support.js';
import { clusters } from './clusters.js';
import { fingerprint, nearDuplicateIndex } from './near-duplicates.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-near-'));
const spill = join(folder, 'runs.spill');
afterAll(() => rmSync(folder, { recursive: true }));

describe('nearDuplicateIndex', () => {
  it('finds planted copies with a few words changed, and nothing else', () => {
    const index = nearDuplicateIndex({ threshold: 0.7, spill, documents: 200 });
    for (let n = 0; n < 100; n++) expect(index.add(n, fingerprint(prose(n, 20))).duplicate).toBeUndefined();
    for (let n = 0; n < 100; n++) {
      const copy = prose(n, 20).replace(/ the /, ' THAT ').replace(/\.$/, ', indeed.');
      const { duplicate } = index.add(100 + n, fingerprint(copy));
      expect(duplicate?.of).toBe(n);
      expect(duplicate?.similarity).toBeGreaterThan(0.8);
    }
    index.close();
    expect(existsSync(spill)).toBe(false);
  });

  it('calls what is only somewhat alike related, not a repetition', () => {
    const index = nearDuplicateIndex({ threshold: 1, spill, documents: 2 });
    index.add(0, fingerprint(prose(1, 20)));
    expect(index.add(1, fingerprint(prose(1, 20).replace(/ the /, ' one ')))).toEqual({
      duplicate: undefined,
      relatives: [0],
    });
    index.close();
  });
});

describe('clusters', () => {
  it('join transitively; the first member is the root', () => {
    const joined = clusters();
    joined.join(5, 3);
    joined.join(9, 5);
    joined.join(7, 8);
    expect([3, 5, 9, 7, 8, 1].map(joined.root)).toEqual([3, 3, 3, 7, 7, 1]);
    joined.join(8, 9);
    expect([3, 5, 9, 7, 8].map(joined.root)).toEqual([3, 3, 3, 3, 3]);
  });
});
