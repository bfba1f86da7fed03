/**
 * Runs contestants in turn, in rounds, in one process and on one machine, and says how they compare.
 *
 *   const result = await alternate([{ name: 'octavo', run }, { name: 'torch f32', run }], { rounds: 7, warmup: 2 });
 *   print(table(result, { ours: 'octavo', amount: 16384, unit: 'tokens' }));
 *   await writeResult('training', result);
 *
 * A contestant is { name, run, dispose? }: `run` does the work once and resolves to the seconds it took, or to nothing,
 * and then the harness's own clock counts. A peer that throws leaves the race with its reason; `required: true` makes
 * that an error instead.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { speedup, summary } from './statistics.mjs';

/** The order of a round: every contestant takes every place, and each meets its neighbours from both sides. */
export const orderOf = (round, count) => {
  const places = Array.from({ length: count }, (_, place) => (place + Math.floor(round / 2)) % count);
  return round % 2 === 0 ? places : places.reverse();
};

const secondsOf = async (contestant) => {
  const startedMs = performance.now();
  const own = await contestant.run();
  return typeof own === 'number' ? own : (performance.now() - startedMs) / 1000;
};

const git = (...args) => {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
};

const round2 = (value) => Math.round(value * 100) / 100;

/** What a figure must be read with. */
export const machine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  node: process.version,
  platform: `${process.platform}-${process.arch}`,
  commit: `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+changes'}`,
});

/**
 * Warms every contestant up, then runs them round by round in changing order.
 * Rounds stop early when `maxSeconds` have passed and at least three are done.
 */
export const alternate = async (contestants, { rounds, warmup = 1, maxSeconds = Infinity, onSample = () => {} }) => {
  const startedMs = performance.now();
  const loadBefore = loadavg().map(round2);
  const samples = new Map(contestants.map(({ name }) => [name, []]));
  const failed = [];
  let racing = [...contestants];

  const attempt = async (contestant, round) => {
    try {
      const seconds = await secondsOf(contestant);
      if (round >= 0) samples.get(contestant.name).push(seconds);
      onSample({ name: contestant.name, round, seconds });
    } catch (error) {
      if (contestant.required) throw error;
      failed.push({ name: contestant.name, reason: error.message });
      racing = racing.filter((other) => other !== contestant);
    }
  };

  for (const contestant of contestants)
    for (let i = 0; i < warmup; i++) if (racing.includes(contestant)) await attempt(contestant, -1);
  for (let round = 0; round < rounds; round++) {
    if (round >= 3 && (performance.now() - startedMs) / 1000 > maxSeconds) break;
    const present = racing;
    for (const place of orderOf(round, present.length)) await attempt(present[place], round);
  }
  for (const contestant of contestants) await contestant.dispose?.();
  return {
    date: new Date().toISOString(),
    machine: { ...machine(), loadBefore, loadAfter: loadavg().map(round2) },
    contestants: racing.map(({ name }) => ({ name, ...summary(samples.get(name)), samples: samples.get(name) })),
    failed,
  };
};

const samplesOf = (result, name) => result.contestants.find((contestant) => contestant.name === name)?.samples;

/** The fastest by median of all but `ours`, and how many times faster ours is; undefined when nobody else finished. */
export const againstBest = (result, ours) => {
  const own = samplesOf(result, ours);
  const [best] = result.contestants.filter(({ name }) => name !== ours).sort((a, b) => a.median - b.median);
  return own === undefined || best === undefined ? undefined : { peer: best.name, ...speedup(own, best.samples) };
};

const time = (seconds) =>
  seconds >= 1
    ? `${seconds.toFixed(2)} s`
    : seconds >= 1e-3
      ? `${(seconds * 1e3).toFixed(2)} ms`
      : `${(seconds * 1e6).toFixed(1)} µs`;
const number = (value) => (value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3));

/** Lines of equal columns: the first to the left, the others to the right. */
export const columns = (rows) => {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ');
  return rows.map(line).join('\n');
};

/**
 * The result as text. `amount` of `unit` is what one run works through, so that rates can be printed;
 * the last column says how many times faster `ours` is (median of paired rounds, quartiles in brackets).
 */
export const table = (result, { ours, amount, unit = 'runs' }) => {
  const own = samplesOf(result, ours);
  const rows = result.contestants.map(({ name, n, best, median, spread, samples }) => {
    const ratio = own === undefined || name === ours ? undefined : speedup(own, samples);
    return [
      name,
      time(median),
      `±${(spread * 50).toFixed(1)} %`,
      time(best),
      String(n),
      ...(amount === undefined ? [] : [number(amount / median), number(amount / best)]),
      ratio === undefined ? '' : `${ratio.median.toFixed(2)}× (${ratio.lower.toFixed(2)}–${ratio.upper.toFixed(2)})`,
    ];
  });
  const rates = amount === undefined ? [] : [`${unit}/s`, 'at best'];
  const head = ['', 'median', 'spread', 'best', 'n', ...rates, own === undefined ? '' : `${ours} is`];
  const { cpu, cores, commit, loadBefore, loadAfter } = result.machine;
  return [
    columns([head, ...rows]),
    ...result.failed.map(({ name, reason }) => `${name}: did not run: ${reason}`),
    `${cpu}, ${cores} cores, load ${loadBefore[0]} before and ${loadAfter[0]} after, commit ${commit}, ${result.date}`,
  ].join('\n');
};

/** Writes bench/results/NAME-DATE.json whole or not at all; resolves to its path. */
export const writeResult = async (name, result, folder = fileURLToPath(new URL('results', import.meta.url))) => {
  await mkdir(folder, { recursive: true });
  const path = `${folder}/${name}-${result.date.replaceAll(':', '').slice(0, 17)}.json`;
  await writeFile(`${path}.partial`, `${JSON.stringify({ name, ...result }, undefined, 2)}\n`);
  await rename(`${path}.partial`, path);
  return path;
};
