/** The tour of the data step, from an empty folder: what comes in from each source, what goes and why. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const tour = fileURLToPath(new URL('../../examples/data-tour/data-tour.mjs', import.meta.url));
const octavo = fileURLToPath(new URL('../../packages/octavo/bin/octavo.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'octavo-tour-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('goes through', ({ skip }) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tour, '--folder', folder, '--port', '0'], {
    encoding: 'utf8',
    timeout: 290_000,
  });
  if (status !== 0 && /DATA_DOWNLOAD_FAILED/.test(stderr)) {
    console.warn('SKIPPED: the tour of the data step, because the registry does not answer');
    skip();
  }
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stdout).toMatch(/of 60 items have a suggestion/);
  const report = spawnSync(process.execPath, [octavo, 'data', 'report', '--json'], { cwd: folder, encoding: 'utf8' });
  const { collected, cleaned, split } = JSON.parse(report.stdout);
  const documents = Object.fromEntries(
    collected.sources.map((source: { name: string; documents: number }) => [source.name, source.documents]),
  );
  expect(documents).toMatchObject({
    site: 117,
    feed: 20,
    posts: 40,
    database: 150,
    reddit: 60,
    hackernews: 60,
    archive: 70,
    table: 60,
  });
  expect(cleaned.droppedByReason).toMatchObject({
    'invalid-json': 1,
    'language.other': expect.any(Number),
    'exact-duplicate': expect.any(Number),
    'near-duplicate': expect.any(Number),
    contaminated: 3,
  });
  expect(cleaned.droppedByReason['exact-duplicate']).toBeGreaterThanOrEqual(8);
  expect(cleaned.droppedByReason['near-duplicate']).toBeGreaterThanOrEqual(7);
  expect(cleaned.changes['pii.card']).toEqual({ places: 1, documents: 1 });
  expect(cleaned.changes['pii.email']).toEqual({ places: 1, documents: 1 });
  expect(cleaned.kept).toBe(split.train.documents + split.validation.documents + split.test.documents);
  // The calendar has no end, and the notes are private: neither was asked for.
  const { sources } = JSON.parse(readFileSync(join(folder, 'runs/main/artifacts/collect/summary.json'), 'utf8'));
  const site = sources.find(({ name }: { name: string }) => name === 'site');
  expect(site.counts).toMatchObject({ redirect: 1, copy: 10, robots: 1 });
  expect(existsSync(join(folder, 'runs/main/artifacts/tokenize/train-00000.tokens'))).toBe(true);
  for (const name of ['data-card.md', 'data-card.json', 'data-report.html'])
    expect(existsSync(join(folder, 'runs/main', name)), name).toBe(true);
  expect(readFileSync(join(folder, 'octavo.yaml'), 'utf8')).not.toContain('SITE/');
});
