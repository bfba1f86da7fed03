import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { spilledSpans } from './spilled-spans.js';

it('gives back the spans of each document, and leaves no file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-spans-'));
  const path = join(folder, 'spans.spill');
  try {
    {
      using spans = spilledSpans(path, 5);
      expect(spans.get(0)).toBeUndefined();
      spans.set(3, [0, 7, 2 ** 31 - 1, 2 ** 31 - 1]);
      spans.set(1, [4, 9]);
      spans.set(
        0,
        Array.from({ length: 600_000 }, (_, n) => n),
      );
      expect([spans.get(3), spans.get(1), spans.get(0)?.at(-1), spans.get(2), spans.get(4)]).toEqual([
        [0, 7, 2 ** 31 - 1, 2 ** 31 - 1],
        [4, 9],
        599_999,
        undefined,
        undefined,
      ]);
    }
    expect(existsSync(path)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
