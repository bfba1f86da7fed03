/** The data steps one after another, on a corpus with planted faults. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTokenShard, readDocuments } from '../formats/index.js';
import { loadTokenizer, trainTokenizer } from '../text/index.js';
import { clean } from './clean.js';
import { collect } from './collect.js';
import { documentColumns } from './document.js';
import { dataSummary } from './inspect/data-summary.js';
import { duplicates } from './inspect/duplicates.js';
import { reservoir } from './inspect/reservoir.js';
import { sampleDocuments } from './inspect/sample.js';
import { why } from './inspect/why.js';
import { cleanSection, collectSection, dataSection, splitSection, tokenizeSection } from './section.js';
import { split } from './split.js';
import { prose, stepRunner } from './step.test-support.js';
import { tokenize } from './tokenize.js';

const data = dataSection.parse({
  sources: ['corpus', { from: 'rows.jsonl.gz', name: 'rows', textField: 'body' }, 'long.txt'],
  chat: { families: ['addition', 'copy'] },
  tokenize: { shardTokens: 1024 },
});

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octavo-data-'));
  mkdirSync(join(folder, 'corpus/deep/.hidden'), { recursive: true });
  const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
  for (let n = 0; n < 60; n++) put(`corpus/${n}.txt`, `${prose(n)}\r\n\r\n\r\n\r\nEnd  \n`);
  put('corpus/deep/exact.md', `${prose(7)}\n\nEnd`);
  put('corpus/deep/near.md', `${prose(8).replace(/\.$/, ', as they say.')}\n\nEnd`);
  put('corpus/deep/tiny.txt', 'tiny');
  put('corpus/deep/empty.txt', '');
  put('corpus/deep/damaged.txt', Buffer.concat([Buffer.from(`${prose(70)} “déjà vu” — naïve café`), Buffer.of(0xff)]));
  put('corpus/deep/binary.txt', Buffer.concat([Buffer.from(prose(71)), Buffer.alloc(40)]));
  put('corpus/deep/garbled.txt', Buffer.from(`“${prose(72, 3)}” — “naïve café”`).toString('latin1'));
  put('corpus/deep/program.ts', prose(73));
  put('corpus/deep/.hidden/x.txt', prose(74));
  const rows = Array.from({ length: 30 }, (_, n) => JSON.stringify({ body: prose(100 + n) }));
  put(
    'rows.jsonl.gz',
    gzipSync([...rows, '{broken', '{"title":"no body"}', JSON.stringify({ body: prose(9) })].join('\n')),
  );
  put('long.txt', Array.from({ length: 40 }, (_, n) => prose(200 + n)).join('\n\n'));
});
afterAll(() => rm(folder, { recursive: true }));

async function readAll(path: string) {
  const rows = [];
  for await (const batch of readDocuments(path, { columns: documentColumns })) rows.push(...batch);
  return rows;
}

describe('the data steps', () => {
  it('account for every document, keep duplicates out of held-out text, and leave tokens that decode to it', async () => {
    const { artifacts, events, run } = stepRunner(folder);
    await run(collect, collectSection(data));
    await run(clean, cleanSection(data));
    await run(split, splitSection(data));

    const { collected, cleaned, split: parts } = await dataSummary(artifacts);
    expect(collected).toMatchObject({
      rejected: 2,
      sources: [{ name: 'corpus', documents: 67 }, { name: 'rows', documents: 31, rejected: 2 }, { name: 'long.txt' }],
    });
    expect(cleaned.documentsIn).toBe(collected.documents + 2);
    expect(cleaned.kept + cleaned.dropped).toBe(cleaned.documentsIn);
    expect(cleaned.droppedByReason).toEqual({
      'invalid-json': 1,
      'no-text': 1,
      'invalid-utf8': 1,
      binary: 1,
      'too-short': 2,
      'exact-duplicate': 1,
      'near-duplicate': 2,
    });
    expect(parts.train.documents + parts.validation.documents + parts.test.documents).toBe(cleaned.kept);
    expect(parts.train.bytes + parts.validation.bytes + parts.test.bytes).toBe(cleaned.bytesKept);
    for (const name of ['train', 'validation', 'test'] as const)
      expect(Object.keys(parts[name].sources)).toEqual(expect.arrayContaining(['corpus', 'rows']));

    const all = { count: 1000, seed: 1 };
    const { documents: dropped } = await sampleDocuments(artifacts, { fate: 'dropped' }, all);
    expect(dropped).toHaveLength(cleaned.dropped);
    expect(dropped.find(({ id }) => id === 'corpus/deep/exact')?.dropped).toEqual({
      reason: 'exact-duplicate',
      detail: 'the same as corpus/7',
    });
    expect(await sampleDocuments(artifacts, { reason: 'near-duplicate' }, all)).toMatchObject({
      of: 2,
      documents: [
        { id: 'corpus/deep/near' },
        { id: 'rows:33', dropped: { detail: expect.stringMatching(/^\d+ % as corpus\/9$/) } },
      ],
    });
    const damaged = dropped.find(({ id }) => id === 'corpus/deep/damaged');
    expect(damaged?.text.slice(damaged.hit?.from, damaged.hit?.to)).toBe('\ufffd');
    expect((await sampleDocuments(artifacts, {}, all)).documents).toHaveLength(cleaned.documentsIn);
    const few = { count: 5, seed: 2 };
    const kept5 = await sampleDocuments(artifacts, { fate: 'kept', source: 'rows' }, few);
    expect(kept5).toMatchObject({ of: 30, documents: { length: 5 } });
    expect(kept5.documents.every(({ id }) => id.startsWith('rows:'))).toBe(true);
    expect(await sampleDocuments(artifacts, { fate: 'kept', source: 'rows' }, few)).toEqual(kept5);
    const english = await sampleDocuments(artifacts, { fate: 'dropped', language: 'en' }, all);
    expect(english.documents.length).toBeGreaterThan(0);
    const lost = cleaned.documentsIn - cleaned.kept;
    expect(english).toMatchObject({ of: undefined, asked: lost, guessed: english.documents.length });
    // The database draws what the sample in memory would.
    const every = reservoir<{ readonly id: string }>({ count: 7, seed: 3 });
    for (const one of (await sampleDocuments(artifacts, {}, all)).documents) every.offer(one);
    const seven = await sampleDocuments(artifacts, {}, { count: 7, seed: 3 });
    expect(seven.documents.map(({ id }) => id).toSorted()).toEqual(
      every
        .drawn()
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(await duplicates(artifacts)).toMatchObject([
      { kept: 'corpus/7', members: [{ id: 'corpus/deep/exact' }] },
      { kept: 'corpus/8', members: [{ id: 'corpus/deep/near' }] },
      { kept: 'corpus/9', members: [{ id: 'rows:33' }] },
    ]);
    const asked = {
      artifacts,
      section: cleanSection(data),
      mixed: splitSection(data),
      projectFolder: folder,
      cacheFolder: join(folder, 'cache'),
      clock: { now: () => 0 },
    };
    expect(await why(asked, 'corpus/deep/tiny')).toMatchObject({
      kind: 'dropped',
      dropped: { reason: 'too-short', detail: '4 characters' },
    });
    expect(await why(asked, 'corpus/7')).toMatchObject({
      kind: 'kept',
      provenance: { source: 'corpus', place: '7' },
      likeness: { kept: 'corpus/7', dropped: [{ id: 'corpus/deep/exact' }], alike: [] },
    });
    expect(await why(asked, 'rows:33')).toMatchObject({
      kind: 'dropped',
      provenance: { source: 'rows', line: 33 },
      likeness: { kept: 'corpus/9' },
    });
    expect(await why(asked, 'corpus/deep/garbled')).toMatchObject({
      judged: {
        changes: [{ kind: 'repaired', places: { 'repair.mojibake': 7 } }],
        verdicts: [
          { reason: 'whole text', verdict: 'passed' },
          { reason: 'too-short', verdict: 'passed' },
        ],
      },
    });
    expect(await why(asked, 'deep/ti')).toEqual({ kind: 'unknown', alike: ['corpus/deep/tiny'] });

    const kept = await readAll(join(artifacts, 'clean/documents.parquet'));
    expect(cleaned.changes).toEqual({ 'repair.mojibake': { documents: 1, places: 7 } });
    expect(kept.find(({ id }) => id === 'corpus/deep/garbled')?.text).toBe(`“${prose(72, 3)}” — “naïve café”`);
    expect(kept.find(({ id }) => id === 'corpus/3')?.text).toBe(`${prose(3)}\n\nEnd`);
    expect(new Set(kept.map(({ text }) => text)).size).toBe(kept.length);

    const train = await readAll(join(artifacts, 'split/train.parquet'));
    const trained = await trainTokenizer({
      texts: train.map(({ text }) => text),
      vocabularySize: 300,
      pattern: 'gpt2',
      threads: 1,
    });
    mkdirSync(join(artifacts, 'tokenizer'));
    writeFileSync(join(artifacts, 'tokenizer/tokenizer.json'), trained.toJson());
    await run(tokenize, tokenizeSection(data));
    const { tokens } = await dataSummary(artifacts);
    const tokenizer = await loadTokenizer(join(artifacts, 'tokenizer/tokenizer.json'));
    expect(tokens).toMatchObject({
      tokenizerHash: tokenizer.hash,
      vocabularySize: tokenizer.vocabularySize,
      train: { bytes: parts.train.bytes },
    });
    for (const name of ['train', 'validation', 'test'] as const) {
      const ids: number[] = [];
      for (const shard of tokens?.[name].shards ?? []) {
        await using opened = await openTokenShard(join(artifacts, 'tokenize', shard), {
          tokenizerHash: tokenizer.hash,
        });
        ids.push(...(await opened.read(0, opened.header.count)));
      }
      expect(ids).toHaveLength(tokens?.[name].tokens ?? 0);
      const texts = (await readAll(join(artifacts, `split/${name}.parquet`))).map(({ text }) => `${text}<|endoftext|>`);
      expect(tokenizer.decode(ids)).toBe(texts.join(''));
    }
    expect(tokens?.train.shards.length).toBeGreaterThan(3);
    // The tokens that `why` points at are the document's text.
    const story = await why(asked, train[40]?.id ?? '');
    const [where] = (story.kind === 'kept' ? story.placement?.places : undefined) ?? [];
    const of = tokens?.train.shards.slice(tokens.train.shards.indexOf(where?.shard ?? '')) ?? [];
    const own: number[] = [];
    for (const shard of of) {
      await using opened = await openTokenShard(join(artifacts, 'tokenize', shard));
      own.push(...(await opened.read(0, opened.header.count)));
    }
    const text = tokenizer.decode(own.slice(where?.from, (where?.from ?? 0) + (where?.tokens ?? 0)));
    expect(text).toBe(`${train[40]?.text}<|endoftext|>`);

    const conversations = readFileSync(join(artifacts, 'collect/chat.jsonl'), 'utf8').trim().split('\n');
    expect(conversations).toHaveLength(collected.chat.conversations);
    for (const step of ['collect', 'clean', 'split', 'tokenize']) {
      const last = events.filter((event) => event.kind === 'progress' && event.step === step).at(-1);
      expect(last).toMatchObject({ done: expect.any(Number) });
      if (last?.kind === 'progress') expect(last.done).toBe(last.total);
    }
  });

  it('leave the same bytes the second time', async () => {
    const again = await mkdtemp(join(tmpdir(), 'octavo-data-'));
    const first = stepRunner(folder);
    for (const name of ['corpus', 'rows.jsonl.gz', 'long.txt'])
      await cp(join(folder, name), join(again, name), { recursive: true });
    const second = stepRunner(again);
    await second.run(collect, collectSection(data));
    await second.run(clean, cleanSection(data));
    await second.run(split, splitSection(data));
    for (const step of ['collect', 'clean', 'split']) {
      for (const name of readdirSync(join(second.artifacts, step))) {
        const [a, b] = [first, second].map(({ artifacts }) => readFileSync(join(artifacts, step, name)));
        expect(a?.equals(b ?? Buffer.alloc(0)), `${step}/${name}`).toBe(true);
      }
    }
    await rm(again, { recursive: true });
  });

  it('stop when asked, leaving no table', async () => {
    const controller = new AbortController();
    controller.abort();
    const early = stepRunner(join(folder, 'stopped'), { signal: controller.signal });
    mkdirSync(join(folder, 'stopped'));
    expect(await early.run(collect, collectSection(data))).toEqual({ kind: 'interrupted' });
    expect(readdirSync(join(early.artifacts, 'collect'))).toEqual([]);
  });

  it.each([collect, clean, split, tokenize])('stop in the midst of $name', async (step) => {
    const controller = new AbortController();
    const midway = stepRunner(folder, {
      signal: controller.signal,
      onEvent: ({ kind }) => kind === 'progress' && controller.abort(),
    });
    const section = { ...collectSection(data), ...cleanSection(data), ...tokenizeSection(data) };
    const whole = readdirSync(join(midway.artifacts, step.name));
    expect(await midway.run<typeof section>(step, section)).toEqual({ kind: 'interrupted' });
    expect(readdirSync(join(midway.artifacts, step.name))).toEqual(whole);
    expect(await stepRunner(folder).run<typeof section>(step, section)).toMatchObject({ kind: 'done' });
  });

  it('find damage in what an earlier step left', async () => {
    const { artifacts, run } = stepRunner(folder);
    const path = join(artifacts, 'collect/documents.parquet');
    const good = readFileSync(path);
    const bad = Buffer.from(good);
    bad[1000] = (bad[1000] ?? 0) ^ 1;
    writeFileSync(path, bad);
    await expect(run(clean, cleanSection(data))).rejects.toMatchObject({ code: 'TABLE_CORRUPT', where: path });
    writeFileSync(path, good);
  });
});

describe('collect', () => {
  const collecting = (given: Record<string, unknown>) => {
    const { run } = stepRunner(folder);
    return run(collect, collectSection(dataSection.parse({ chat: { families: [] }, ...given })));
  };

  it.each([
    [['nowhere'], 'nowhere does not exist'],
    [['corpus/*.csv'], 'no file matches corpus/*.csv'],
    [['corpus', './corpus/../corpus/*.txt'], 'two documents would be called'],
    [
      [
        { from: 'rows.jsonl.gz', textField: 'body', format: 'jsonl' },
        { from: 'corpus/0.txt', name: 'rows.jsonl.gz' },
      ],
      undefined,
    ],
  ])('of %j: %s', async (sources, message) => {
    if (message === undefined) expect(await collecting({ sources })).toMatchObject({ kind: 'done' });
    else await expect(collecting({ sources })).rejects.toThrow(message);
  });

  it('goes on after a file that is damaged half way, counting it as rejected', async () => {
    const rows = Array.from({ length: 3000 }, (_, at) => JSON.stringify({ text: `${at} ${(at * 7919) % 104_729}` }));
    const packed = gzipSync(rows.join('\n'));
    writeFileSync(join(folder, 'cut.jsonl.gz'), packed.subarray(0, packed.length >> 1));
    const done = await collecting({ sources: ['cut.jsonl.gz', 'long.txt'] });
    expect(done).toMatchObject({ kind: 'done', summary: { rejected: 1, sources: [{ rejected: 1 }, { rejected: 0 }] } });
    const given = { sources: ['cut.jsonl.gz'], maxRejected: 0 };
    await expect(collecting(given)).rejects.toThrow(
      /cut.jsonl.gz#rest \(file-refused: is damaged: .* \d+ unpacked bytes/,
    );
  });

  it('stops above maxRejected, naming the row', async () => {
    const given = { sources: [{ from: 'rows.jsonl.gz', textField: 'title' }], maxRejected: 20 };
    await expect(collecting(given)).rejects.toThrow(
      /more than 20 rows cannot be read; the last is rows.jsonl.gz:21 \(no-text/,
    );
  });

  it('tells the key of a step the contents of the files, not their times', async () => {
    const section = collectSection(data);
    const before = await collect.externalInputs?.(section, folder);
    expect(Object.keys(before ?? {})).toContain('corpus/deep/exact.md');
    expect(Object.keys(before ?? {})).not.toContain('corpus/deep/program.ts');
    writeFileSync(join(folder, 'corpus/0.txt'), prose(999));
    const after = await collect.externalInputs?.(section, folder);
    expect(Object.keys(after ?? {}).filter((name) => after?.[name] !== before?.[name])).toEqual(['corpus/0.txt']);
  });
});
