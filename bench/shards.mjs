/**
 * The tokenize step over a table of documents beside the encoder alone over the same texts in memory, as strings: all of
 * them at once, and in batches of the size of the step's, which the allocator and the caches like better. All use all cores.
 *
 *   node bench/shards.mjs [--megabytes 100] [--rounds 3] [--workers 1] [--json]
 *
 * Text is what lies in the installed packages (Markdown, TypeScript, JavaScript), in documents of about 8,000 characters.
 * Seconds of the processor are told beside those of the clock: a busy machine changes them less. They leave out the
 * processes that --workers adds.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tokenize } from '../packages/octavo/dist/data/index.js';
import { writeDocuments } from '../packages/octavo/dist/formats/index.js';
import { trainTokenizer } from '../packages/octavo/dist/text/index.js';
import { alternate, table, writeResult } from './harness.mjs';

const { values: options } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const say = (text) => process.stderr.write(`${text}\n`);
const packages = fileURLToPath(new URL('../node_modules', import.meta.url));
const wanted = Number(options.megabytes) * 1e6;
const documents = [];
let bytes = 0;
const paths = readdirSync(packages, { recursive: true }).sort();
for (const kind of [/\.md$/, /\.[cm]?ts$/, /\.[cm]?js$/])
  for (const path of paths) {
    if (bytes >= wanted) break;
    if (!kind.test(path) || !statSync(join(packages, path)).isFile()) continue;
    const text = readFileSync(join(packages, path), 'utf8').toWellFormed().replaceAll('\ufeff', '');
    for (let at = 0; at < text.length && bytes < wanted; at += 8000) {
      const document = text.slice(at, at + 8000).toWellFormed();
      documents.push(document);
      bytes += Buffer.byteLength(document);
    }
  }

const folder = mkdtempSync(join(tmpdir(), 'octavo-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const artifact = (step) => join(folder, 'artifacts', step);
for (const step of ['split', 'tokenizer', 'tokenize']) mkdirSync(artifact(step), { recursive: true });
const tokenizer = await trainTokenizer({
  texts: documents.filter((_, at) => at % 40 === 0),
  vocabularySize: 16_384,
  pattern: 'cl100k',
  threads: 2,
  specialTokens: ['<|endoftext|>'],
});
writeFileSync(join(artifact('tokenizer'), 'tokenizer.json'), tokenizer.toJson());
for (const split of ['train', 'validation', 'test'])
  await writeDocuments(
    join(artifact('split'), `${split}.parquet`),
    { columns: { id: 'text', text: 'text' } },
    split === 'train' ? documents.map((text, at) => ({ id: String(at), text })) : [],
  );
const none = { documents: 0, bytes: 0, sources: {} };
const train = { documents: documents.length, bytes, sources: {} };
writeFileSync(join(artifact('split'), 'summary.json'), JSON.stringify({ train, validation: none, test: none }));

const step = () => {
  // Whole shards would be kept.
  rmSync(artifact('tokenize'), { recursive: true, force: true });
  mkdirSync(artifact('tokenize'));
  return tokenize.run({
    section: { shardTokens: 16_777_216, workers: Number(options.workers) },
    folder: artifact('tokenize'),
    artifact,
    projectFolder: folder,
    cacheFolder: join(folder, 'cache'),
    emit: () => {},
    clock: { now: () => performance.now() },
    signal: new AbortController().signal,
  });
};

const spent = new Map();
const timed = (name, work) => ({
  name,
  required: true,
  run: async () => {
    const before = process.cpuUsage();
    const startedMs = performance.now();
    const tokens = await work();
    const { user, system } = process.cpuUsage(before);
    spent.set(name, { cpuSeconds: Math.min(spent.get(name)?.cpuSeconds ?? Infinity, (user + system) / 1e6), tokens });
    return (performance.now() - startedMs) / 1000;
  },
});
const ours = 'the step';
const threads = availableParallelism();
/** How many tokens texts have, and as many ends of text. */
const encoded = (texts) => tokenizer.encodeBatch(texts, { threads }).reduce((sum, { length }) => sum + length + 1, 0);
const raced = await alternate(
  [
    timed(ours, async () => (await step()).summary.train.tokens),
    timed('encodeBatch, all at once', () => encoded(documents)),
    timed('encodeBatch, 2,048 at once', () => {
      let tokens = 0;
      for (let at = 0; at < documents.length; at += 2048) tokens += encoded(documents.slice(at, at + 2048));
      return tokens;
    }),
  ],
  { rounds: Number(options.rounds), warmup: 0 },
);
const figures = [...spent.values()];
if (new Set(figures.map(({ tokens }) => tokens)).size !== 1)
  throw new Error(`the numbers of tokens differ: ${JSON.stringify([...spent])}`);
say(`\ntokenize ${(bytes / 1e6).toFixed(0)} MB, ${documents.length} documents, ${options.workers} workers`);
say(table(raced, { ours, amount: bytes / 1e6, unit: 'MB' }));
for (const [name, { cpuSeconds }] of spent)
  say(`${name}: ${(bytes / 1e6 / cpuSeconds).toFixed(1)} MB a second of the processor, at best`);
const result = {
  ...raced,
  megabytes: bytes / 1e6,
  workers: Number(options.workers),
  processor: Object.fromEntries(spent),
};
say(await writeResult('shards', result));
if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
