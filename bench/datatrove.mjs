/**
 * Race: the stages of the data step beside datatrove's on the same documents: reading JSONL, Gopher's rules, MinHash with
 * FineWeb's 14 × 8 hashes of 5-word runs, GPT-2's tokens into a file. One process each, by turns; a figure is seconds of
 * processor time, which a busy machine changes little. A stage has its documents in memory; ours also builds the index of
 * near duplicates.
 *
 *   OCTAVO_DATATROVE=PYTHON node bench/datatrove.mjs [--size 20m] [--rounds 3] [--stage gopher …] [--text FILE …] [--json]
 *
 * PYTHON needs datatrove 0.10.1, spacy 3.8, tokenizers, orjson, xxhash below 4.
 */
import { execFile } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { fingerprint, nearDuplicateIndex } from '../packages/octavo/dist/data/duplicates/near-duplicates.js';
import { readJsonl } from '../packages/octavo/dist/data/extract/read-jsonl.js';
import { gopherQuality, gopherQualityFields } from '../packages/octavo/dist/data/filters/gopher-quality.js';
import { gopherRepetition, gopherRepetitionFields } from '../packages/octavo/dist/data/filters/gopher-repetition.js';
import { rulesOf } from '../packages/octavo/dist/data/filters/rules.js';
import { textStatistics } from '../packages/octavo/dist/data/filters/text-statistics.js';
import { tokenIds, writeTokenShard } from '../packages/octavo/dist/formats/index.js';
import { loadTokenizer } from '../packages/octavo/dist/text/index.js';
import { material, sizeOf } from './data.mjs';
import { againstBest, alternate, table, writeResult } from './harness.mjs';
import { plant } from './plant.mjs';

const program = fileURLToPath(import.meta.url);
const exec = promisify(execFile);

async function* documentsOf(path) {
  const rows = { fileId: 'f', source: 's', licence: '', textField: 'text' };
  // As the step opens files.
  for await (const { document } of readJsonl(createReadStream(path, { highWaterMark: 1 << 20 }), rows)) yield document;
}

const textsOf = async (path) => {
  const texts = [];
  for await (const { text } of documentsOf(path)) texts.push(text);
  return texts;
};

const read = async (path) => {
  let characters = 0;
  for await (const { text } of documentsOf(path)) characters += text.length;
  return characters;
};

const gopher = (texts) => {
  const [quality, repetition] = [rulesOf(true, gopherQualityFields), rulesOf(true, gopherRepetitionFields)];
  for (const text of texts) {
    const statistics = textStatistics(text);
    gopherRepetition(statistics, repetition);
    gopherQuality(statistics, quality);
  }
};

const minhash = (texts, { folder }) => {
  const index = nearDuplicateIndex({ threshold: 0.7, spill: join(folder, 'runs.spill'), documents: texts.length });
  for (const [number, text] of texts.entries()) index.add(number, fingerprint(text));
  index.close();
};

const tokenize = async (texts, { tokenizerPath, folder }) => {
  const tokenizer = await loadTokenizer(tokenizerPath);
  const { vocabularySize, hash: tokenizerHash } = tokenizer;
  const end = Uint32Array.of(tokenizer.idOfSpecial('<|endoftext|>'));
  const ids = tokenIds(vocabularySize, 2 ** 27);
  let filled = 0;
  for (let from = 0; from < texts.length; from += 500)
    for (const some of tokenizer.encodeBatch(texts.slice(from, from + 500), { threads: 1 }))
      for (const part of [some, end]) {
        ids.set(part, filled);
        filled += part.length;
      }
  writeTokenShard(join(folder, 'ids.tokens'), { ids: ids.subarray(0, filled), vocabularySize, tokenizerHash });
};

const stages = { read, gopher, minhash, tokenize };

/** The file with the first of the documents, for a first run. */
const startOf = (path) => `${path}.start`;

/** Our side of a stage, in this process. */
const runStage = async (stage, path, tokenizerPath, folder) => {
  const texts = stage === 'read' ? path : await textsOf(path);
  // What is loaded or compiled when first used is no part of the stage.
  await stages[stage](stage === 'read' ? startOf(path) : texts.slice(0, 20), { tokenizerPath, folder });
  const started = process.cpuUsage();
  await stages[stage](texts, { tokenizerPath, folder });
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
};

/** GPT-2's tokenizer, as a file that both sides read. */
const writeTokenizer = async (folder) => {
  const ranks = createRequire(import.meta.url)('tiktoken/encoders/gpt2.json')
    .bpe_ranks.split('\n')
    .flatMap((line) => {
      const [, offset, ...tokens] = line.split(' ');
      return tokens.map((token, index) => `${token} ${Number(offset) + index}\n`);
    });
  const path = join(folder, 'gpt2.tiktoken');
  writeFileSync(path, ranks.join(''));
  const json = join(folder, 'tokenizer.json');
  writeFileSync(json, (await loadTokenizer(path)).toJson());
  return json;
};

const race = async ({ size, rounds, files, wanted, python }) => {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-bench-'));
  try {
    const made = plant({ ...material(files), bytes: size });
    const path = join(folder, 'documents.jsonl');
    const rows = [];
    for (let number = 0; number < made.documents; number++)
      rows.push(JSON.stringify({ text: made.at(number).text.replaceAll('<|', '<') }));
    writeFileSync(path, rows.join('\n'));
    writeFileSync(startOf(path), rows.slice(0, 4000).join('\n'));
    const megabytes = readFileSync(path).length / 1e6;
    const places = [path, await writeTokenizer(folder), folder];
    const secondsOf = async (command, args) =>
      Number((await exec(command, args, { maxBuffer: 2 ** 26 })).stdout.trim().split('\n').at(-1));
    const results = {};
    for (const stage of wanted) {
      const raced = await alternate(
        [
          {
            name: 'octavo',
            required: true,
            run: () => secondsOf(process.execPath, [program, '--own', stage, ...places]),
          },
          {
            name: 'datatrove',
            run: () =>
              secondsOf(python, [fileURLToPath(new URL('datatrove_stages.py', import.meta.url)), stage, ...places]),
          },
        ],
        { rounds, warmup: 0 },
      );
      process.stderr.write(`\n${stage}, ${megabytes.toFixed(1)} MB, seconds of processor time\n`);
      process.stderr.write(`${table(raced, { ours: 'octavo', amount: megabytes, unit: 'MB' })}\n`);
      results[stage] = { ...raced, best: againstBest(raced, 'octavo') };
    }
    return { date: new Date().toISOString(), megabytes, stages: results };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      own: { type: 'string' },
      size: { type: 'string', default: '20m' },
      rounds: { type: 'string', default: '3' },
      stage: { type: 'string', multiple: true, default: Object.keys(stages) },
      text: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    },
  });
  const python = process.env.OCTAVO_DATATROVE;
  if (values.own !== undefined) process.stdout.write(`${await runStage(values.own, ...positionals)}\n`);
  else if (python === undefined) process.stderr.write('datatrove: OCTAVO_DATATROVE names no Python that has it\n');
  else {
    const { size, rounds, text: files, stage: wanted } = values;
    const result = await race({ size: sizeOf(size), rounds: Number(rounds), files, wanted, python });
    await writeResult('datatrove', result);
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  }
}
