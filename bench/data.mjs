/**
 * The data step over text with planted faults: recall and precision of each filter, and for each step of the run, in a
 * process of its own, seconds of processor time and peak memory.
 *
 *   node bench/data.mjs [--size 20m] [--rules found|default|all] [--text FILE …] [--foreign FILE …] [--folder PATH]
 *     [--keep PATH] [--until STEP] [--json]
 *
 * Text is Markdown of the installed packages and FILEs, in documents of about 3,000 characters, and where that does not
 * suffice, of its sentences in another order. A foreign FILE is in one other language. What --keep names stays, and the
 * same command goes on behind the steps that are done there. `found` are the rules that find
 * what is planted; under `default` and `all` only exact and near duplicates are judged.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { normaliseText } from '../packages/octavo/dist/data/filters/normalise-text.js';
import { readDocuments } from '../packages/octavo/dist/formats/index.js';
import { columns, machine, writeResult } from './harness.mjs';
import { plant, randomOf, sentencesOf, similarity } from './plant.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = join(root, 'node_modules');
const octavo = join(root, 'packages/octavo/bin/octavo.js');
const usage = fileURLToPath(new URL('usage.mjs', import.meta.url));

const textOf = (path) => readFileSync(path, 'utf8').toWellFormed().replaceAll('\r\n', '\n');

/** Paragraphs of a text in documents of about 3,000 characters. */
const cut = (text) => {
  const documents = [''];
  for (const paragraph of text.split(/\n{2,}/)) {
    if (documents.at(-1).length + paragraph.length > 3000) documents.push('');
    documents[documents.length - 1] += `${documents.at(-1) === '' ? '' : '\n\n'}${paragraph.slice(0, 20_000)}`;
  }
  return documents.filter((document) => document.length > 600);
};

const isForeign = (path) => /@biomejs\/biome\/README\.(?!md)/.test(path);

/** Real documents, in an order that mixes their sources, and sentences of other languages, a list each. */
export const material = (files = [], foreignFiles = []) => {
  const markdown = readdirSync(packages, { recursive: true })
    .filter((path) => path.endsWith('.md'))
    .sort();
  const read = (paths) => paths.map((path) => textOf(join(packages, path)));
  const own = [...read(markdown.filter((path) => !isForeign(path))), ...files.map(textOf)].flatMap(cut);
  const random = randomOf(7);
  for (let at = own.length - 1; at > 0; at--) {
    const other = random(at + 1);
    [own[at], own[other]] = [own[other], own[at]];
  }
  // A line that is mostly addresses or tags is in no language.
  const isProse = (line) => !/https?:|[<>`[\]|]/.test(line);
  const foreign = [...read(markdown.filter(isForeign)), ...foreignFiles.map(textOf)]
    .map((text) => sentencesOf([text.replaceAll('\n', '\n\n')], isProse))
    .filter(({ length }) => length >= 20);
  return { real: own, foreign };
};

// Manuals are no prose: of Gopher's rules only those on repetition are left, and loosely, to find spam.
const gopher = {
  minWords: 1,
  minStopWords: 0,
  minWordsWithLetter: 0,
  minMeanWordLength: 0,
  maxMeanWordLength: 100,
  maxSymbolRatio: 100,
  maxBulletLines: 1,
  maxDuplicateLines: 1,
  maxDuplicateLineCharacters: 1,
  maxTopRuns: [1, 1, 1],
  maxDuplicateRuns: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
};
export const ruleSets = {
  default: {},
  found: { gopher, pii: true, substrings: true, languages: ['en'], minLanguageScore: 0.2 },
  all: {
    gopher: true,
    c4: { terminalPunctuation: false },
    fineweb: true,
    pii: true,
    substrings: true,
    boilerplate: true,
    outliers: true,
    urlDuplicates: true,
    languages: ['en'],
    toxicity: { languages: ['en'] },
  },
};

/** A project whose text is the planted documents, a row each. */
const writeProject = async (project, made, rules) => {
  mkdirSync(project, { recursive: true });
  const settings = {
    plan: { goal: 'A model of manuals.', budget: '2m' },
    tokenizer: { vocabularySize: 8192 },
    data: {
      sources: [{ from: 'text.jsonl', name: 'planted', windowBytes: 1_048_576 }],
      chat: { families: ['addition'] },
      workers: 1,
      clean: ruleSets[rules],
    },
  };
  writeFileSync(join(project, 'octavo.yaml'), JSON.stringify(settings));
  let bytes = 0;
  const rows = function* () {
    for (let number = 0; number < made.documents; number++) {
      const { text } = made.at(number);
      bytes += Buffer.byteLength(text);
      yield `${JSON.stringify({ text })}\n`;
    }
  };
  await pipeline(Readable.from(rows()), createWriteStream(join(project, 'text.jsonl')));
  return bytes;
};

/** Runs one step in a process of its own. */
const runStep = async (project, step) => {
  const file = join(project, 'usage.json');
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['--import', pathToFileURL(usage).href, octavo, 'run', '--until', step], {
    cwd: project,
    env: { ...process.env, OCTAVO_USAGE: file },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said = (said + data).slice(-2000);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`octavo run --until ${step} ended with ${code}\n${said}`);
  return { step, elapsedSeconds: (performance.now() - startedMs) / 1000, ...JSON.parse(readFileSync(file, 'utf8')) };
};

const numberOf = (id) => Number(/:(\d+)$/.exec(id)[1]) - 1;
/** Of so many that were dropped as copies the texts are made again and compared. */
const compared = 2000;

/** Recall of each planted fault, and how many real documents were taken for one. */
const judge = async (made, folder, isWhole) => {
  const reasons = new Map();
  const text = 'text';
  const dropped = readDocuments(join(folder, 'dropped.parquet'), { columns: { id: text, reason: text, detail: text } });
  for await (const batch of dropped)
    for (const { id, reason, detail } of batch) reasons.set(numberOf(id), { reason, detail });
  const tallies = new Map();
  const count = (name, holds) => {
    const { planted, found } = tallies.get(name) ?? { planted: 0, found: 0 };
    tallies.set(name, { planted: planted + 1, found: found + (holds ? 1 : 0) });
  };
  const isCopy = (number) => /^(?:exact|near)-duplicate$/.test(reasons.get(number)?.reason ?? '');
  const lost = { gopher: 0, language: 0 };
  // A planted document that another rule dropped first shows nothing of the one that it was planted for.
  for (const [number, { reason }] of reasons) {
    const kind = made.kindOf(number);
    if (kind === 'real' && reason.startsWith('gopher.')) lost.gopher++;
    if (kind === 'real' && reason.startsWith('language.')) lost.language++;
    if (kind === 'exact') count('exact duplicates', true);
    if (kind === 'near' && isCopy(number)) countNear(number, true);
    if (kind === 'passage' && reason === 'substring-duplicate') count('repeated passages', true);
    if (kind === 'spam') count('spam', true);
    if (kind === 'foreign') count('foreign pages', reason.startsWith('language.'));
  }
  function countNear(number, holds) {
    const { original, text: copy } = made.at(number);
    if (similarity(made.at(original).text, copy) >= 0.8) count('near duplicates, 0.8 and more alike', holds);
  }
  let isFirst = true;
  for await (const batch of readDocuments(join(folder, 'documents.parquet'), { columns: { id: text, text } }))
    for (const row of batch) {
      const number = numberOf(row.id);
      const kind = made.kindOf(number);
      if (kind === 'real') continue;
      if (kind === 'exact') count('exact duplicates', false);
      if (kind === 'near') countNear(number, false);
      if (kind === 'spam') count('spam', false);
      if (kind === 'foreign') count('foreign pages', false);
      if (kind === 'passage') {
        const isLeft = row.text.includes(made.passage.slice(100, -100));
        // The first is no repetition.
        if (isLeft && isFirst) isFirst = false;
        else count('repeated passages', !isLeft);
      }
      if (kind === 'garbled') count('garbled text', row.text.includes(made.at(number).line));
      if (kind === 'personal') {
        const { kind: what, value } = made.at(number);
        count('personal data', !row.text.includes(value) && row.text.includes(`[${what}]`));
      }
    }
  /** Of the documents dropped for a reason, the share that is a copy indeed. */
  const precisionOf = (reason, isOne) => {
    const all = [...reasons].filter(([, one]) => one.reason === reason);
    const every = Math.max(1, Math.floor(all.length / compared));
    const drawn = all.filter((_, n) => n % every === 0);
    const right = drawn.filter(([number, { detail }]) => {
      const original = numberOf(/(?: % as |the same as )(.*)$/s.exec(detail)[1]);
      return isOne(normaliseText(made.at(number).text), normaliseText(made.at(original).text));
    });
    return drawn.length === 0 ? undefined : right.length / drawn.length;
  };
  const precision = {
    'exact duplicates': precisionOf('exact-duplicate', (a, b) => similarity(a, b) === 1),
    // A little less than the threshold: tokens for personal data and repaired characters change a few runs of words.
    'near duplicates, 0.8 and more alike': precisionOf('near-duplicate', (a, b) => similarity(a, b) >= 0.65),
  };
  const realDropped = { spam: lost.gopher, 'foreign pages': lost.language };
  const judged = [...tallies].filter(([name]) => isWhole || name in precision);
  return Object.fromEntries(
    judged
      .sort()
      .map(([name, { planted, found }]) => [
        name,
        { planted, recall: found / planted, precision: precision[name], realDropped: realDropped[name] },
      ]),
  );
};

const percent = (value) => (value === undefined ? '' : `${(100 * value).toFixed(2)} %`);

const tableOf = (filters) =>
  columns([
    ['', 'planted', 'recall', 'precision', 'real documents dropped'],
    ...Object.entries(filters).map(([filter, { planted, recall, precision, realDropped }]) => [
      filter,
      `${planted}`,
      percent(recall),
      percent(precision),
      realDropped === undefined ? '' : `${realDropped}`,
    ]),
  ]);

export const run = async ({
  bytes = 20e6,
  rules = 'found',
  files,
  foreignFiles,
  folder,
  keep,
  say = () => {},
  until = 'tokenize',
} = {}) => {
  const project = keep ?? mkdtempSync(join(folder ?? tmpdir(), 'octavo-bench-'));
  const kept = join(project, 'bench.json');
  try {
    const made = plant({ ...material(files, foreignFiles), bytes });
    let { size, steps, filters } = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : { steps: [] };
    if (size === undefined) {
      size = await writeProject(project, made, rules);
      // The plan measures the machine, which is no part of the data step.
      await runStep(project, 'plan');
    }
    say(`${made.documents} documents, ${(size / 1e6).toFixed(1)} MB\n`);
    for (const step of ['collect', 'clean', 'split', 'tokenizer', 'tokenize']) {
      if (steps.some((done) => done.step === step)) continue;
      const done = await runStep(project, step);
      steps.push(done);
      say(
        `${step}: ${done.cpuSeconds.toFixed(1)} s of a processor, ${(done.peakBytes / 2 ** 20).toFixed(0)} MiB at most\n`,
      );
      if (step === 'clean') {
        filters = await judge(made, join(project, 'runs/main/artifacts/clean'), rules === 'found');
        say(`${tableOf(filters)}\n`);
      }
      writeFileSync(kept, JSON.stringify({ size, steps, filters }));
      if (step === until) break;
    }
    return {
      date: new Date().toISOString(),
      machine: machine(),
      rules,
      documents: made.documents,
      bytes: size,
      filters,
      steps,
    };
  } finally {
    if (keep === undefined) rmSync(project, { recursive: true, force: true });
  }
};

export const sizeOf = (text) => {
  const [, amount, unit] = /^([\d.]+)([kmg]?)$/i.exec(text) ?? [];
  if (amount === undefined) throw new Error(`--size ${text}: a number of bytes, as 20m or 1g`);
  return Number(amount) * { '': 1, k: 1e3, m: 1e6, g: 1e9 }[unit.toLowerCase()];
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '20m' },
      rules: { type: 'string', default: 'found' },
      text: { type: 'string', multiple: true, default: [] },
      foreign: { type: 'string', multiple: true, default: [] },
      folder: { type: 'string', default: tmpdir() },
      keep: { type: 'string' },
      until: { type: 'string', default: 'tokenize' },
      json: { type: 'boolean', default: false },
    },
  });
  const { size, rules, text: files, foreign: foreignFiles, folder, keep, until } = values;
  const say = (text) => process.stderr.write(text);
  const result = await run({ bytes: sizeOf(size), rules, files, foreignFiles, folder, keep, say, until });
  const steps = result.steps.map(({ step, cpuSeconds, elapsedSeconds, peakBytes }) => [
    step,
    (result.bytes / 1e6 / cpuSeconds).toFixed(1),
    elapsedSeconds.toFixed(0),
    (peakBytes / 2 ** 20).toFixed(0),
  ]);
  say(`\n${columns([[`rules: ${rules}`, 'MB a second of a processor', 'seconds', 'MiB at most'], ...steps])}\n`);
  await writeResult('data', result);
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
}
