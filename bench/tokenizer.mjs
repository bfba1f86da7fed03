/**
 * Encoding and training of byte-level BPE beside every npm peer, in one run.
 *
 *   node bench/tokenizer.mjs [--text FILE] [--rounds 9] [--json]
 *
 * Text is 5 MB of Markdown from the installed packages, or FILE, in documents of 4,000 characters. All contestants of a
 * race are held to tiktoken's number of tokens, the trainers to the same merges.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadTokenizer, trainTokenizer } from '../packages/octavo/dist/text/index.js';
import { againstBest, alternate, table, writeResult } from './harness.mjs';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    text: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    json: { type: 'boolean', default: false },
  },
});
const say = (text) => process.stderr.write(`${text}\n`);

const markdown = (megabytes) => {
  const folder = join(root, 'node_modules');
  let text = '';
  for (const path of readdirSync(folder, { recursive: true }).sort()) {
    if (!path.endsWith('.md')) continue;
    text += readFileSync(join(folder, path), 'utf8');
    if (text.length > megabytes * 1e6) break;
  }
  return text.slice(0, megabytes * 1e6);
};

const text = (options.text === undefined ? markdown(5) : readFileSync(options.text, 'utf8'))
  .toWellFormed()
  // Some peers would read special tokens out of the text.
  .replaceAll('<|', '<');
const bytes = Buffer.byteLength(text);
const documents = [];
for (let at = 0; at < text.length; at += 4000) documents.push(text.slice(at, at + 4000).toWellFormed());
const folder = mkdtempSync(join(tmpdir(), 'octavo-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Runs one race, prints it, and holds its contestants to one result. */
const race = async (title, ours, contestants, { rounds, reference, result: resultOf = (value) => value }) => {
  const results = new Map();
  const raced = await alternate(
    contestants.map(({ name, run, ...rest }) => ({
      name,
      ...rest,
      run: async () => {
        const startedMs = performance.now();
        const value = await run();
        const seconds = (performance.now() - startedMs) / 1000;
        results.set(name, resultOf(value));
        return seconds;
      },
    })),
    { rounds, warmup: 1 },
  );
  const different = [...results].filter(([, value]) => value !== results.get(ours)).map(([name]) => name);
  if (different.includes(reference)) throw new Error(`${title}: ${ours} and ${reference} do not agree`);
  const others = raced.contestants.filter(({ name }) => name === ours || !name.startsWith('octavo'));
  const best = againstBest({ ...raced, contestants: others }, ours);
  say(`\n${title}\n${table(raced, { ours, amount: bytes / 1e6, unit: 'MB' })}`);
  if (different.length > 0) say(`other results than ${reference}: ${different.join(', ')}`);
  return { title, different, megabytes: bytes / 1e6, ours, best, ...raced };
};

const rankFile = (name) =>
  require(`tiktoken/encoders/${name}.json`)
    .bpe_ranks.split('\n')
    .flatMap((line) => {
      const [, offset, ...tokens] = line.split(' ');
      return tokens.map((token, index) => `${token} ${Number(offset) + index}\n`);
    })
    .join('');

const total = (lengthOf) => () => documents.reduce((sum, document) => sum + lengthOf(document), 0);

const gptTokenizer = {
  cl100k_base: () => import('gpt-tokenizer/encoding/cl100k_base'),
  gpt2: () => import('gpt-tokenizer/encoding/r50k_base'),
};

const encoding = async (name) => {
  const path = join(folder, `${name}.tiktoken`);
  writeFileSync(path, rankFile(name));
  const tokenizer = await loadTokenizer(path);
  const json = join(folder, `${name}.json`);
  writeFileSync(json, tokenizer.toJson());
  const wasm = require('tiktoken').get_encoding(name);
  const gpt = await gptTokenizer[name]();
  const javaScript = require('js-tiktoken').getEncoding(name);
  const native = require('tokenizers').Tokenizer.fromFile(json);
  const huggingFace = new (await import('@huggingface/tokenizers')).Tokenizer(JSON.parse(tokenizer.toJson()), {});
  const contestants = [
    { name: 'octavo', required: true, run: total((document) => tokenizer.encode(document).length) },
    {
      name: 'tiktoken (wasm)',
      run: total((document) => wasm.encode_ordinary(document).length),
      dispose: () => wasm.free(),
    },
    { name: 'gpt-tokenizer', run: total((document) => gpt.encode(document, { disallowedSpecial: new Set() }).length) },
    {
      name: 'tokenizers (native)',
      run: async () => {
        let sum = 0;
        for (const document of documents)
          sum += (await native.encode(document, null, { addSpecialTokens: false })).getLength();
        return sum;
      },
    },
    { name: 'js-tiktoken', run: total((document) => javaScript.encode(document, [], []).length) },
    { name: '@huggingface/tokenizers', run: total((document) => huggingFace.encode(document).ids.length) },
  ];
  if (name !== 'gpt2') {
    const { Tokenizer } = await import('ai-tokenizer');
    const ai = new Tokenizer(await import('ai-tokenizer/encoding/cl100k_base'));
    contestants.push({ name: 'ai-tokenizer', run: total((document) => ai.encode(document).length) });
  }
  const threads = availableParallelism();
  const single = await race(`encode, ${name}, one thread`, 'octavo', contestants, {
    rounds: Number(options.rounds),
    reference: 'tiktoken (wasm)',
  });
  const batch = await race(
    `encode in batches, ${name}, ${threads} threads`,
    'octavo',
    [
      {
        name: 'octavo',
        required: true,
        run: () => tokenizer.encodeBatch(documents, { threads }).reduce((sum, ids) => sum + ids.length, 0),
      },
      {
        name: 'tokenizers (native)',
        run: async () =>
          (await native.encodeBatch(documents, { addSpecialTokens: false })).reduce(
            (sum, one) => sum + one.getLength(),
            0,
          ),
      },
    ],
    { rounds: Math.min(5, Number(options.rounds)), reference: 'tokenizers (native)' },
  );
  return [single, batch];
};

const training = async () => {
  const file = join(folder, 'text.txt');
  const saved = join(folder, 'trained.json');
  writeFileSync(file, text);
  const lines = text.split(/(?<=\n)/);
  const { Tokenizer, BPE, byteLevelPreTokenizer } = require('tokenizers');
  const mergesOf = (json) =>
    JSON.parse(json).model.merges.map((merge) => (Array.isArray(merge) ? merge.join(' ') : merge));
  const train = () => {
    const tokenizer = new Tokenizer(BPE.empty());
    tokenizer.setPreTokenizer(byteLevelPreTokenizer(false, true));
    tokenizer.train([file]);
    return tokenizer;
  };
  train().save(saved, false);
  // The peer makes 30,000 tokens of the characters that occur; ours starts from all 256 bytes.
  const theirs = mergesOf(readFileSync(saved, 'utf8'));
  const ours = (threads) => () =>
    trainTokenizer({
      texts: lines,
      vocabularySize: 256 + theirs.length,
      pattern: 'gpt2',
      threads,
      minimumFrequency: 1,
      specialTokens: [],
    });
  const trained = mergesOf((await ours(1)()).toJson());
  const same = trained.every((merge, index) => merge === theirs[index]);
  if (!same || trained.length !== theirs.length) throw new Error('train: the merges differ');
  const threads = availableParallelism();
  return race(
    `train ${theirs.length} merges, GPT-2 pattern, ${threads} threads`,
    'octavo',
    [
      { name: 'octavo', required: true, run: ours(threads) },
      ...(threads > 1 ? [{ name: 'octavo, one thread', required: true, run: ours(1) }] : []),
      { name: 'tokenizers (native)', run: train },
    ],
    {
      rounds: Math.min(5, Number(options.rounds)),
      reference: 'tokenizers (native)',
      result: () => 'the same merges, as checked before',
    },
  );
};

const races = [...(await encoding('cl100k_base')), ...(await encoding('gpt2')), await training()];
const path = await writeResult('tokenizer', { date: races[0].date, races });
say(`\n${races.map(({ title, best }) => `${title}: ${best.median.toFixed(1)}× ${best.peer}`).join('\n')}\n${path}`);
if (options.json) process.stdout.write(`${JSON.stringify(races)}\n`);
