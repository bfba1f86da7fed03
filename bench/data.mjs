/**
 * The clean step over text with planted faults: recall and precision of each filter, and MB/s a core of each stage beside
 * datatrove's same stages where a Python with datatrove is named. Speeds are by CPU seconds of one thread, which a busy
 * machine changes little.
 *
 *   node bench/data.mjs [--megabytes 20] [--text FILE …] [--python PATH] [--json]
 *
 * Text is Markdown of the installed packages, or FILEs, in documents of about 3,000 characters, repeated never.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { fingerprint, nearDuplicateIndex } from '../packages/octavo/dist/data/duplicates/near-duplicates.js';
import { c4, c4Fields } from '../packages/octavo/dist/data/filters/c4.js';
import { fineweb, finewebFields } from '../packages/octavo/dist/data/filters/fineweb.js';
import { gopherQuality, gopherQualityFields } from '../packages/octavo/dist/data/filters/gopher-quality.js';
import { gopherRepetition, gopherRepetitionFields } from '../packages/octavo/dist/data/filters/gopher-repetition.js';
import { piiFields, replacePii } from '../packages/octavo/dist/data/filters/pii.js';
import { rulesOf } from '../packages/octavo/dist/data/filters/rules.js';
import { textStatistics } from '../packages/octavo/dist/data/filters/text-statistics.js';
import { clean, cleanSection, dataSection } from '../packages/octavo/dist/data/index.js';
import { readDocuments, writeDocuments } from '../packages/octavo/dist/formats/index.js';
import { writeResult } from './harness.mjs';
import { plant, similarity } from './plant.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = join(root, 'node_modules');

/** Paragraphs of a text in documents of about 3,000 characters. */
const cut = (text) => {
  const documents = [''];
  for (const paragraph of text.split(/\n{2,}/)) {
    if (documents.at(-1).length + paragraph.length > 3000) documents.push('');
    documents[documents.length - 1] += `${documents.at(-1) === '' ? '' : '\n\n'}${paragraph.slice(0, 20_000)}`;
  }
  return documents.filter((document) => document.length > 600);
};

const markdown = (isWanted, bytes) => {
  const documents = [];
  let held = 0;
  for (const path of readdirSync(packages, { recursive: true }).sort()) {
    if (!path.endsWith('.md') || !isWanted(path)) continue;
    for (const document of cut(readFileSync(join(packages, path), 'utf8').toWellFormed().replaceAll('\r\n', '\n'))) {
      documents.push(document);
      held += document.length;
    }
    if (held > bytes) break;
  }
  return documents;
};

const isForeign = (path) => /@biomejs\/biome\/README\.(?!md)/.test(path);

/** What the clean step left of the planted documents, by id. */
const cleaned = async (documents, folder) => {
  const artifacts = join(folder, 'artifacts');
  for (const step of ['collect', 'clean']) mkdirSync(join(artifacts, step), { recursive: true });
  const text = 'text';
  const rows = documents.map((one) => ({ ...one, source: one.id.split('/')[0], licence: 'unknown' }));
  const columns = { id: text, source: text, licence: text, text, url: 'text?', time: 'text?', title: 'text?' };
  await writeDocuments(join(artifacts, 'collect/documents.parquet'), { columns }, rows);
  const dropped = { id: text, source: text, reason: text, detail: text, excerpt: text };
  await writeDocuments(join(artifacts, 'collect/rejected.parquet'), { columns: dropped }, []);
  const bytes = rows.reduce((sum, row) => sum + Buffer.byteLength(row.text), 0);
  const summary = { documents: rows.length, bytes, rejected: 0, sources: [], chat: { conversations: 0, families: {} } };
  writeFileSync(join(artifacts, 'collect/summary.json'), JSON.stringify(summary));
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
  const rules = { gopher, pii: true, substrings: true, languages: ['en'], minLanguageScore: 0.2 };
  const started = process.cpuUsage();
  const startedMs = performance.now();
  const outcome = await clean.run({
    section: cleanSection(dataSection.parse({ clean: rules })),
    folder: join(artifacts, 'clean'),
    artifact: (name) => join(artifacts, name),
    projectFolder: folder,
    cacheFolder: folder,
    emit: () => {},
    clock: { now: () => performance.now() },
    signal: new AbortController().signal,
  });
  const cpu = process.cpuUsage(started);
  const kept = new Map();
  for await (const batch of readDocuments(join(artifacts, 'clean/documents.parquet'), { columns: { id: text, text } }))
    for (const row of batch) kept.set(row.id, row.text);
  const reasons = new Map();
  for await (const batch of readDocuments(join(artifacts, 'clean/dropped.parquet'), { columns: dropped }))
    for (const row of batch) reasons.set(row.id, row);
  return {
    kept,
    reasons,
    bytes,
    outcome,
    seconds: (cpu.user + cpu.system) / 1e6,
    elapsedMs: performance.now() - startedMs,
  };
};

const share = (list, holds) => (list.length === 0 ? undefined : list.filter(holds).length / list.length);

/** Recall of each planted fault, and how many real documents were taken for one. */
const judge = ({ documents, truth }, { kept, reasons }) => {
  const isCopy = (id) => /^(?:exact|near)-duplicate$/.test(reasons.get(id)?.reason ?? '');
  const alike = truth.near.filter((one) => one.similarity >= 0.8);
  // A planted document that another rule dropped first shows nothing of the one that it was planted for.
  const met = (id) => kept.has(id) || isCopy(id);
  const real = documents.filter(({ id }) => id.startsWith('real/'));
  const realDropped = (pattern) => real.filter(({ id }) => pattern.test(reasons.get(id)?.reason ?? '')).length;
  const keptOf = (list) => list.filter(({ id }) => kept.has(id));
  const near = [...reasons.values()].filter(({ reason }) => reason === 'near-duplicate');
  const texts = new Map(documents.map(({ id, text }) => [id, text]));
  // A little less than the threshold: tokens for personal data and repaired characters change a few runs of words.
  const isAlike = ({ id, detail }) => similarity(texts.get(id), texts.get(/ % as (.*)$/s.exec(detail)?.[1])) >= 0.65;
  return {
    'exact duplicates': { planted: truth.exact.length, recall: share(truth.exact, (id) => reasons.has(id)) },
    'near duplicates, 0.8 and more alike': {
      planted: alike.length,
      recall: share(
        alike.filter(({ id }) => met(id)),
        ({ id }) => isCopy(id),
      ),
      precision: share(near, isAlike),
    },
    'repeated passages': {
      planted: truth.passages.length,
      recall: share(truth.passages.slice(1), ({ id, passage }) => !kept.get(id)?.includes(passage.slice(100, -100))),
    },
    'garbled text': {
      planted: truth.garbled.length,
      recall: share(keptOf(truth.garbled), ({ id }) => !/[ÃÂ][\u0080-\u00bf]|â€/.test(kept.get(id))),
    },
    'personal data': {
      planted: truth.personal.length,
      recall: share(
        keptOf(truth.personal),
        ({ id, kind, value }) => !kept.get(id).includes(value) && kept.get(id).includes(`[${kind}]`),
      ),
    },
    spam: {
      planted: truth.spam.length,
      recall: share(truth.spam, (id) => reasons.has(id)),
      realDropped: realDropped(/^gopher\./),
    },
    'foreign pages': {
      planted: truth.foreign.length,
      recall: share(truth.foreign, (id) => reasons.has(id)),
      realDropped: realDropped(/^language\./),
    },
  };
};

/** CPU seconds of our stages over all texts, one thread. */
const ourStages = (texts, folder) => {
  const [quality, repetition] = [rulesOf(true, gopherQualityFields), rulesOf(true, gopherRepetitionFields)];
  const [ofC4, ofFineweb, ofPii] = [rulesOf(true, c4Fields), rulesOf(true, finewebFields), rulesOf(true, piiFields)];
  const index = nearDuplicateIndex({ threshold: 0.7, spill: join(folder, 'runs.spill'), documents: texts.length });
  const stages = {
    gopher: (text) => {
      const statistics = textStatistics(text);
      gopherRepetition(statistics, repetition);
      gopherQuality(statistics, quality);
    },
    c4: (text) => c4(text, ofC4),
    fineweb: (text) => fineweb(textStatistics(text), ofFineweb),
    'personal data': (text) => replacePii(text, ofPii),
    MinHash: (text, n) => index.add(n, fingerprint(text)),
  };
  const seconds = Object.entries(stages).map(([name, stage]) => {
    const started = process.cpuUsage();
    texts.forEach(stage);
    const { user, system } = process.cpuUsage(started);
    return [name, (user + system) / 1e6];
  });
  index.close();
  return Object.fromEntries(seconds);
};

const theirStages = (python, texts, folder) => {
  if (python === undefined) return undefined;
  const path = join(folder, 'documents.jsonl');
  writeFileSync(path, texts.map((text) => JSON.stringify({ text })).join('\n'));
  const { stdout, stderr, status } = spawnSync(python, [fileURLToPath(new URL('data.py', import.meta.url)), path], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${python} bench/data.py ended with ${status}\n${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
};

export const run = async ({ megabytes = 20, files = [], python } = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-bench-'));
  try {
    const bytes = megabytes * 1e6;
    const real = (
      files.length > 0
        ? files.flatMap((file) => cut(readFileSync(file, 'utf8')))
        : markdown((path) => !isForeign(path), bytes)
    ).slice(0, Math.ceil(bytes / 1500));
    // A page that is mostly addresses is in no language.
    const isProse = (text) => text.replaceAll(/https?:\S+|<[^>]*>/g, '').length > 500;
    const planted = plant(real, markdown(isForeign, 1e6).filter(isProse));
    const result = await cleaned(planted.documents, folder);
    const texts = planted.documents.map(({ text }) => text);
    const size = Buffer.byteLength(texts.join('')) / 1e6;
    const ours = ourStages(texts, folder);
    const theirs = theirStages(python, texts, folder);
    const stages = Object.entries(ours).map(([stage, seconds]) => ({
      stage,
      megabytesPerSecond: size / seconds,
      ...(theirs === undefined ? {} : { datatrove: size / theirs[stage], times: theirs[stage] / seconds }),
    }));
    return {
      documents: texts.length,
      megabytes: size,
      filters: judge(planted, result),
      stages,
      clean: {
        cpuSeconds: result.seconds,
        elapsedMs: result.elapsedMs,
        peakMegabytes: process.resourceUsage().maxRSS / 1024,
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      megabytes: { type: 'string', default: '20' },
      text: { type: 'string', multiple: true, default: [] },
      python: { type: 'string', default: process.env.OCTAVO_DATA_PYTHON },
      json: { type: 'boolean', default: false },
    },
  });
  const result = await run({ megabytes: Number(values.megabytes), files: values.text, python: values.python });
  const percent = (value) => (value === undefined ? '' : `${(100 * value).toFixed(1)} %`.padStart(8));
  process.stderr.write(
    [
      `${result.documents} documents, ${result.megabytes.toFixed(1)} MB; clean with all of them on: ${(result.megabytes / result.clean.cpuSeconds).toFixed(1)} MB/s of CPU, ${result.clean.peakMegabytes.toFixed(0)} MB at most`,
      '',
      ...Object.entries(result.filters).map(([filter, { planted, recall, precision, realDropped }]) =>
        [
          filter.padEnd(38),
          `${planted} planted`.padStart(14),
          `recall ${percent(recall)}`,
          precision === undefined ? '' : `  precision ${percent(precision)}`,
          realDropped === undefined ? '' : `  ${realDropped} real documents dropped`,
        ].join(' '),
      ),
      '',
      ...result.stages.map(
        ({ stage, megabytesPerSecond, datatrove, times }) =>
          `${stage.padEnd(16)}${megabytesPerSecond.toFixed(1).padStart(8)} MB/s${datatrove === undefined ? '' : `   datatrove ${datatrove.toFixed(2).padStart(6)} MB/s   ${times.toFixed(1)}×`}`,
      ),
      '',
    ].join('\n'),
  );
  await writeResult('data', { date: new Date().toISOString(), ...result });
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
}
