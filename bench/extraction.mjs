/**
 * Main text of pages beside trafilatura (PyPI) and Readability (npm), scored on labelled pages.
 *
 *   OCTAVO_GOLD=/path/to/gold node bench/extraction.mjs [--json]
 *
 * The folder holds article-extraction/ (ground-truth.json, html/*.html.gz), the benchmark of Scrapinghub: precision and
 * recall of runs of four words, averaged over pages. Our rules were tuned on ids 0 to 7, so 8 to f is the figure that
 * counts. The interval is that of 1,000 drawings of the pages, the difference drawn page by page.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Readability } from '@mozilla/readability';
import { parseHTML } from 'linkedom';
import { extractArticle } from '../packages/octavo/dist/data/extract/html.js';
import { goldPages, scorePage, scorePages } from '../packages/octavo/dist/data/extract/shingles.test-support.js';
import { machine, writeResult } from './harness.mjs';
import { startLineProcess } from './line-process.mjs';
import { peerPython } from './peers.mjs';

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const gold = process.env.OCTAVO_GOLD;
const pages = goldPages(gold);
if (pages === undefined) {
  process.stderr.write('SKIPPED: OCTAVO_GOLD does not name a folder that holds article-extraction/\n');
  process.exit(0);
}

const timed = (work) => {
  const startedMs = performance.now();
  const text = work();
  return { text, seconds: (performance.now() - startedMs) / 1000 };
};

const contestants = [
  { name: 'octavo', extract: ({ html }) => timed(() => extractArticle(html).text) },
  {
    name: 'readability',
    extract: ({ html }) => timed(() => new Readability(parseHTML(html).document).parse()?.textContent ?? ''),
  },
];
let python;
try {
  if (peerPython() === undefined) throw new Error('no Python peers: node bench/peers.mjs');
  python = await startLineProcess(peerPython(), [fileURLToPath(new URL('extraction.py', import.meta.url))]);
  const ask = ({ id }) => python.ask(join(gold, 'article-extraction', 'html', `${id}.html.gz`));
  contestants.push({ name: `trafilatura ${python.ready.version}`, extract: ask });
} catch (error) {
  process.stderr.write(`without trafilatura: ${error.message}\n`);
}

const results = new Map(contestants.map(({ name }) => [name, []]));
for (const page of pages) {
  for (const { name, extract } of contestants) {
    const { text, seconds } = await extract(page);
    results.get(name).push({ id: page.id, score: scorePage(page.body, text), seconds });
  }
}
await python?.close();

/** Draws are the same for all contestants, and in every run. */
let state = 12_345;
const below = (count) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * count);
};
const spread = (values) => {
  const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
  return 1.96 * Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
};
const halves = { 'ids 0-7 (tuned on)': /^[0-7]/, 'ids 8-f (held out)': /^[89a-f]/, all: /./ };
const rows = [];
for (const [half, ids] of Object.entries(halves)) {
  const of = (name) => results.get(name).filter(({ id }) => ids.test(id));
  const count = of('octavo').length;
  const draws = Array.from({ length: 1000 }, () => Array.from({ length: count }, () => below(count)));
  const f1Of = (found, draw) => scorePages(draw.map((at) => found[at].score)).f1;
  const ours = of('octavo');
  for (const { name } of contestants) {
    const found = of(name);
    const scores = scorePages(found.map(({ score }) => score));
    const f1Spread = spread(draws.map((draw) => f1Of(found, draw)));
    const aheadSpread =
      name === 'octavo' ? undefined : spread(draws.map((draw) => f1Of(ours, draw) - f1Of(found, draw)));
    const seconds = found.reduce((sum, one) => sum + one.seconds, 0);
    rows.push({
      half,
      pages: count,
      name,
      ...scores,
      f1Spread,
      aheadSpread,
      msPerPage: (1000 * seconds) / count,
    });
  }
}

const figure = (value) => value.toFixed(3);
process.stdout.write(
  'pages                name                F1             precision  recall  ms a page  octavo ahead by\n',
);
for (const row of rows) {
  const f1 = `${figure(row.f1)} ± ${figure(row.f1Spread)}`;
  const ours = rows.find(({ half, name }) => half === row.half && name === 'octavo');
  const ahead = row === ours ? '' : `${figure(ours.f1 - row.f1)} ± ${figure(row.aheadSpread)}`;
  process.stdout.write(
    `${row.half.padEnd(20)} ${row.name.padEnd(19)} ${f1}  ${figure(row.precision)}      ${figure(row.recall)}   ${row.msPerPage.toFixed(1).padStart(9)}  ${ahead}\n`,
  );
}
const result = { date: new Date().toISOString(), machine: machine(), rows };
process.stderr.write(`${await writeResult('extraction', result)}\n`);
if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
