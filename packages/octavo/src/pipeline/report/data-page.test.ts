import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeDocuments } from '../../formats/index.js';
import { openRunFolder, parseRunName } from '../../project/index.js';
import { writeDataReport } from './data-page.js';

const project = mkdtempSync(join(tmpdir(), 'octavo-data-page-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

it('is a page without scripts or addresses, whatever the texts say', async () => {
  const hostile =
    '</script><script>alert(1)</script><img src=x onerror=alert(1)>\u001b[2J\u001b]8;;//evil\u0007x\u202egpj.exe"\' onload=1';
  const run = openRunFolder(project, parseRunName('main'));
  const put = (step: 'collect' | 'clean' | 'split', value: object) => {
    mkdirSync(run.artifact(step), { recursive: true });
    writeFileSync(join(run.artifact(step), 'summary.json'), JSON.stringify(value));
  };
  const total = { documents: 1, bytes: 9, sources: { [hostile]: { documents: 1, bytes: 9 } } };
  put('collect', {
    documents: 2,
    bytes: 18,
    rejected: 0,
    sources: [{ name: hostile, from: hostile, licence: hostile, documents: 2, bytes: 18, rejected: 0 }],
    chat: { conversations: 0, families: {} },
  });
  put('clean', {
    documentsIn: 2,
    kept: 1,
    dropped: 1,
    droppedByReason: { 'exact-duplicate': 1, 'c4.curly_bracket': 1 },
    changes: { [hostile]: { documents: 1, places: 2 }, 'pii.email': { documents: 1, places: 3 } },
    bytesIn: 18,
    bytesKept: 9,
    sources: [{ name: hostile, documents: 1, bytes: 9 }],
  });
  const mix = { name: hostile, bytes: 9, asked: 1, epochs: 1, documents: 1, bytesGot: 9, got: 1 };
  put('split', {
    train: total,
    validation: total,
    test: total,
    facts: { licences: {}, lengths: { 3: 1, 12: 1 } },
    mix: { by: 'source', documentsLeftOut: 0, groups: [mix] },
  });
  await writeDocuments(
    join(run.artifact('clean'), 'dropped.parquet'),
    { columns: { id: 'text', source: 'text', reason: 'text', detail: 'text', excerpt: 'text' } },
    [
      {
        id: hostile,
        source: hostile,
        reason: 'exact-duplicate',
        detail: `the same as ${hostile}`,
        excerpt: hostile,
      },
      { id: 'code', source: hostile, reason: 'c4.curly_bracket', detail: 'in line 1', excerpt: hostile },
    ],
  );
  await writeDocuments(
    join(run.artifact('collect'), 'documents.parquet'),
    { columns: { id: 'text', source: 'text', text: 'text' } },
    [{ id: 'code', source: hostile, text: `${hostile.repeat(9)}{${hostile}` }],
  );
  await writeDocuments(
    join(run.artifact('clean'), 'documents.parquet'),
    { columns: { id: 'text', source: 'text', text: 'text' } },
    [{ id: hostile, source: hostile, text: hostile }],
  );
  await writeDocuments(
    join(run.artifact('split'), 'validation.parquet'),
    { columns: { id: 'text', source: 'text', text: 'text' } },
    [{ id: hostile, source: hostile, text: hostile }],
  );
  const path = await writeDataReport(run, { now: () => Date.UTC(2026, 10, 25) });
  const text = readFileSync(path, 'utf8').replace(/<style>.*<\/style>/s, '');
  for (const id of ['stages', 'data', 'languages', 'changes', 'personal-data', 'duplicates', 'lengths', 'mixture'])
    expect(text).toContain(`<section id="${id}"`);
  expect(text).toContain('stays for 1');
  expect(text).toContain('<mark>{</mark>');
  expect(text).not.toMatch(/<(script|img|iframe|object|embed|a [^>]*href="(?!#))/i);
  for (const [tag] of text.matchAll(/<[a-z][^>]*>/g)) expect(tag).not.toMatch(/\son[a-z]+=/);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
  expect(text).not.toMatch(/https?:/);
});
