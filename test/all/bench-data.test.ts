/** The planted-truth benchmark of the clean step, at a size that a test can have. */
import { describe, expect, it } from 'vitest';

describe('the clean step over planted faults', () => {
  it('finds them', async () => {
    const { run } = await import('../../bench/data.mjs');
    const { filters, documents } = await run({ bytes: 2e6, until: 'clean' });
    expect(documents).toBeGreaterThan(200);
    for (const [filter, { planted, recall, precision }] of Object.entries(filters)) {
      expect(planted, filter).toBeGreaterThan(4);
      expect(recall, filter).toBeGreaterThanOrEqual(0.98);
      if (precision !== undefined) expect(precision, filter).toBeGreaterThanOrEqual(0.98);
    }
    expect(filters['exact duplicates']?.recall).toBe(1);
  });
});
