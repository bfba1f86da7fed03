import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTokenShard, writeDocuments } from '../formats/index.js';
import { loadTokenizer, trainTokenizer } from '../text/index.js';
import { TokenizeSummary } from './summaries.js';
import { tokenize } from './tokenize.js';

const root = mkdtempSync(join(tmpdir(), 'octavo-tokenize-'));
afterAll(() => rmSync(root, { recursive: true }));
const artifact = (step: string) => join(root, step);
const documents = Array.from({ length: 20_000 }, (_, at) => `${at} is ${at % 7 === 0 ? 'a week' : 'é'} ${at % 11}`);
const shardTokens = 30_000;

beforeAll(async () => {
  for (const step of ['split', 'tokenizer']) mkdirSync(artifact(step));
  const tokenizer = await trainTokenizer({
    texts: documents.slice(0, 500),
    vocabularySize: 300,
    pattern: 'cl100k',
    threads: 1,
  });
  writeFileSync(join(artifact('tokenizer'), 'tokenizer.json'), tokenizer.toJson());
  const counts = { train: documents.length, validation: 1, test: 0 };
  for (const [split, count] of Object.entries(counts))
    await writeDocuments(
      join(artifact('split'), `${split}.parquet`),
      { columns: { text: 'text' } },
      documents.slice(0, count).map((text) => ({ text })),
    );
  const of = (count: number) => ({ documents: count, bytes: count * 12, sources: {} });
  writeFileSync(
    join(artifact('split'), 'summary.json'),
    JSON.stringify({ train: of(counts.train), validation: of(1), test: of(0) }),
  );
});

const run = (name: string, { cache = name, stopAfter = Number.POSITIVE_INFINITY } = {}) => {
  const stop = new AbortController();
  let told = 0;
  mkdirSync(artifact(name), { recursive: true });
  return tokenize.run({
    section: { shardTokens, workers: 1 },
    folder: artifact(name),
    artifact,
    projectFolder: root,
    cacheFolder: join(root, `cache-${cache}`),
    emit: () => {
      if (++told > stopAfter) stop.abort();
    },
    clock: { now: () => told * 1e6 },
    signal: stop.signal,
  });
};
const filesOf = (name: string) =>
  Object.fromEntries(
    readdirSync(artifact(name)).map((file) => [file, readFileSync(join(artifact(name), file), 'hex')]),
  );

it('shards hold the ids of all documents in order, each with the end of text behind it', async () => {
  await run('whole');
  const summary = TokenizeSummary.parse(JSON.parse(readFileSync(join(artifact('whole'), 'summary.json'), 'utf8')));
  const tokenizer = await loadTokenizer(join(artifact('tokenizer'), 'tokenizer.json'));
  const expected = documents.flatMap((text) => [...tokenizer.encode(text), summary.endOfTextId]);
  const found: number[] = [];
  for (const name of summary.train.shards) {
    await using shard = await openTokenShard(join(artifact('whole'), name));
    found.push(...(await shard.read(0, shard.header.count)));
  }
  expect(found).toEqual(expected);
  expect(summary.train).toMatchObject({ tokens: expected.length, documents: documents.length });
  expect(summary.train.shards).toHaveLength(Math.ceil(expected.length / shardTokens));
  expect([summary.validation.shards, summary.test.tokens]).toEqual([['validation-00000.tokens'], 0]);
  expect(Object.keys(filesOf('whole'))).toHaveLength(summary.train.shards.length + 3);
});

it('what was whole when the step was stopped is kept, whatever else is left', async () => {
  await run('whole');
  const expected = filesOf('whole');
  expect((await run('stopped', { stopAfter: 2 })).kind).toBe('interrupted');
  const left = readdirSync(artifact('stopped')).filter((name) => name.endsWith('.tokens'));
  const first = join(artifact('stopped'), 'train-00000.tokens');
  const before = left.length > 0 ? statSync(first).ino : undefined;
  await run('stopped');
  expect(filesOf('stopped')).toEqual(expected);
  if (before !== undefined) expect(statSync(first).ino).toBe(before);

  // Shards without the units they came from; a shard that is damaged; one that is not full.
  for (const spoil of [
    () => {},
    () => writeFileSync(join(artifact('stopped'), 'train-00001.tokens'), 'damaged'),
    () => rmSync(join(artifact('stopped'), 'train-00000.tokens')),
  ]) {
    spoil();
    await run('stopped');
    expect(filesOf('stopped')).toEqual(expected);
  }
});
