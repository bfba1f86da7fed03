import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeDocuments } from '../../formats/index.js';
import { changeBetween } from './change.js';
import { diffData } from './diff.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-diff-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Made {
  readonly kept: Readonly<Record<string, string>>;
  readonly dropped: Readonly<Record<string, string>>;
  readonly parts: Readonly<Record<'train' | 'validation' | 'test', readonly string[]>>;
}

/** A run's tables, as far as a comparison reads them. */
async function made(name: string, { kept, dropped, parts }: Made): Promise<string> {
  const artifacts = join(folder, name);
  const put = (step: string, value: object) => {
    mkdirSync(join(artifacts, step), { recursive: true });
    writeFileSync(join(artifacts, step, 'summary.json'), JSON.stringify(value));
  };
  const documents = Object.keys(kept).length;
  const all = documents + Object.keys(dropped).length;
  const chat = { conversations: 0, families: {} };
  put('collect', { documents: all, bytes: 9, rejected: 0, sources: [], chat });
  const lost = { dropped: all - documents, droppedByReason: {}, changes: {} };
  put('clean', { documentsIn: all, kept: documents, ...lost, bytesIn: 9, bytesKept: 9, sources: [] });
  const totals = (part: keyof Made['parts']) => ({ documents: parts[part].length, bytes: 0, sources: {} });
  put('split', { train: totals('train'), validation: totals('validation'), test: totals('test') });
  const rows = Object.entries(kept).map(([id, text]) => ({ id, source: 's', text }));
  const named = { id: 'text', source: 'text' } as const;
  await writeDocuments(join(artifacts, 'clean/documents.parquet'), { columns: { ...named, text: 'text' } }, rows);
  await writeDocuments(
    join(artifacts, 'clean/dropped.parquet'),
    { columns: { ...named, reason: 'text', detail: 'text', excerpt: 'text' } },
    Object.entries(dropped).map(([id, reason]) => ({ id, source: 's', reason, detail: '', excerpt: id })),
  );
  for (const [part, ids] of Object.entries(parts))
    await writeDocuments(
      join(artifacts, `split/${part}.parquet`),
      { columns: named },
      ids.map((id) => ({ id, source: 's' })),
    );
  return artifacts;
}

it('tells added, removed, changed, dropped, kept again and moved, by id', async () => {
  const first = await made('a', {
    kept: { same: 'x', text: 'one old word', lost: 'x', moves: 'x', gone: 'x', "it's; --": 'x' },
    dropped: { back: 'too-short', other: 'binary', still: 'binary' },
    parts: { train: ['same', 'same', 'text', 'lost', "it's; --"], validation: ['moves'], test: ['gone'] },
  });
  const second = await made('b', {
    kept: { same: 'x', text: 'one new word', moves: 'x', back: 'x', "it's; --": 'x' },
    dropped: { lost: 'gopher.top_runs', other: 'too-short', still: 'binary', fresh: 'binary' },
    parts: { train: ['same', 'text', 'back', 'moves'], validation: [], test: [] },
  });
  const spill = join(folder, 'spill');
  const diff = await diffData([first, second], { examples: 2, spill });
  expect(diff.differences).toMatchObject([
    { kind: 'added', after: 'binary', documents: 1, examples: [{ id: 'fresh' }] },
    { kind: 'removed', before: 'kept', documents: 1, examples: [{ id: 'gone', text: 'x' }] },
    {
      kind: 'changed',
      examples: [
        {
          id: 'text',
          change: {
            before: { text: 'one old word', hit: { from: 4, to: 7 } },
            after: { text: 'one new word', hit: { from: 4, to: 7 } },
          },
        },
      ],
    },
    { kind: 'lost', before: 'kept', after: 'gopher.top_runs', examples: [{ id: 'lost' }] },
    { kind: 'regained', before: 'too-short', after: 'kept', examples: [{ id: 'back', text: 'x' }] },
    { kind: 'other-reason', before: 'binary', after: 'too-short', documents: 1 },
  ]);
  expect(diff.moved).toEqual([
    { before: 'train', after: 'left out', documents: 1 },
    { before: 'validation', after: 'train', documents: 1 },
  ]);
  expect(diff).toMatchObject({ same: false, unchanged: 4 });
  expect(await diffData([first, first], { examples: 2, spill })).toMatchObject({
    same: true,
    unchanged: 9,
    differences: [],
    moved: [],
  });
});

it('shows where two texts differ', () => {
  const marked = (before: string, after: string) =>
    Object.values(changeBetween(before, after, 40)).map(({ text, hit }) => text.slice(hit?.from, hit?.to));
  expect(marked('abcd', 'abd')).toEqual(['c', '']);
  expect(marked('aaa', 'aaaa')).toEqual(['', 'a']);
  expect(marked('', 'x')).toEqual(['', 'x']);
  const long = 'and so the text goes on for a while';
  expect(marked(`one â€œ ${long} A`, `one “ ${long} B`)).toEqual(['â€œ', '“']);
  expect(marked(`a line\ncut\n${long} C`, `a line\n${long}`)).toEqual(['cut\n', '']);
});
