import { describe, expect, it } from 'vitest';
import { outlook } from './outlook.js';

const state = { pages: 100, queued: 400, bytes: 2_000_000, hosts: 2, seconds: 50 };
const wide = { pages: 10_000, megabytes: 1024, minutes: 120 };

describe('the outlook of a crawl', () => {
  it('is what waits, at the rate so far', () => {
    expect(outlook(state, wide)).toEqual({
      pages: 100,
      total: 500,
      note: '400 queued, 2.0 pages/s, 1.9 MiB, 2 hosts',
    });
    expect(outlook({ ...state, pages: 0, queued: 1, bytes: 0, hosts: 1, seconds: 0 }, wide)).toEqual({
      pages: 0,
      total: 1,
      note: '1 queued, 0.0 pages/s, 0.0 MiB, 1 host',
    });
  });

  it.each([
    ['pages', { pages: 300 }, 300],
    ['minutes', { minutes: 2 }, 240],
    ['megabytes', { megabytes: 4 }, 100 + Math.round((4 * 1024 ** 2 - 2_000_000) / 20_000)],
  ])('is what the budget of %s allows', (by, least, total) => {
    const told = outlook(state, { ...wide, ...least });
    expect(told.total).toBe(total);
    expect(told.note).toMatch(new RegExp(`ends by ${by}$`));
  });
});
