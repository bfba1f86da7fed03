// Reads sources that mean harm, in a process whose memory can be measured and which may be killed.
//   node hostile-reader.mjs read FIELDS             one source; prints what came of it and the most memory it took
//   node hostile-reader.mjs fuzz JOBS SEED SECONDS  changed copies of small files, in turn, until the time is up
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { dataSection } from '../../../packages/octavo/dist/data/section.js';
import { resolveSources } from '../../../packages/octavo/dist/data/sources/resolve.js';
import { randomOf } from '../../../scripts/fuzz/mutate.mjs';

async function read(folder, fields) {
  const [source] = resolveSources(dataSection.parse({ sources: [fields] }).sources);
  const opened = await source.open({
    projectFolder: folder,
    cacheFolder: join(folder, 'cache'),
    emit: () => undefined,
    clock: { now: () => 0 },
    signal: new AbortController().signal,
  });
  const told = { documents: 0, characters: 0, rejected: 0, last: '' };
  for await (const item of opened.documents(() => undefined)) {
    if (item.kind === 'document') {
      told.documents++;
      told.characters += item.document.text.length;
    } else {
      told.rejected++;
      told.last = `${item.dropped.id} ${item.dropped.reason}: ${item.dropped.detail}`;
    }
  }
  return told;
}

const odd = [
  'ff',
  '00',
  'ffffffff',
  '7fffffff',
  '80000000',
  '00000080',
  'ffffffffffffffff',
  '5b5b5b5b',
  '22',
  '0a',
  '3c',
];

function changed(bytes, random) {
  let now = Buffer.from(bytes);
  for (let change = 0; change <= random(4); change++) {
    const at = random(now.length + 1);
    const to = Math.min(now.length, at + 1 + random(40));
    switch (random(6)) {
      case 0:
        if (at < now.length) now[at] ^= 1 << random(8);
        break;
      case 1:
        if (at < now.length) now[at] = random(256);
        break;
      case 2:
        now = now.subarray(0, at);
        break;
      case 3:
        Buffer.from(odd[random(odd.length)], 'hex').copy(now, at);
        break;
      case 4:
        now = Buffer.concat([
          now.subarray(0, to),
          ...Array(1 + random(50)).fill(now.subarray(at, to)),
          now.subarray(to),
        ]);
        break;
      default:
        now = Buffer.concat([now.subarray(0, at), now.subarray(to)]);
    }
  }
  return now;
}

const [mode, given, seed, seconds] = process.argv.slice(2);
if (mode === 'read') {
  const fields = JSON.parse(given);
  const startedMs = performance.now();
  const told = await read(tmpdir(), fields);
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ ...told, megabytes, ms: Math.round(performance.now() - startedMs) }));
} else {
  const jobs = JSON.parse(readFileSync(given, 'utf8'));
  const until = performance.now() + 1000 * Number(seconds);
  const counts = Object.fromEntries(jobs.map(({ name }) => [name, { inputs: 0, rejected: 0, slowestMs: 0 }]));
  // What is loaded once is not counted as growth.
  for (const { fields } of jobs) await read(dirname(given), fields);
  const before = process.memoryUsage().rss;
  let most = before;
  for (let round = 0; performance.now() < until; round++) {
    for (const [at, { name, fields, path, every }] of jobs.entries()) {
      if (round % every !== 0) continue;
      const original = readFileSync(path);
      const place = `${path}.changed`;
      writeFileSync(place, changed(original, randomOf(Number(seed) + 1000 * round + at)));
      // Told first: where the process hangs or dies this is the last that it said.
      process.stderr.write(`${name} round ${round}\n`);
      const startedMs = performance.now();
      const { rejected } = await read(dirname(given), { ...fields, from: fields.from.replace(path, place) }).catch(
        (error) => {
          // What is no file of its kind at all may be told as such.
          if (error.code !== 'DATA_SOURCE') throw error;
          return { rejected: 1 };
        },
      );
      const ms = performance.now() - startedMs;
      const count = counts[name];
      count.inputs++;
      count.rejected += rejected;
      count.slowestMs = Math.max(count.slowestMs, Math.round(ms));
      most = Math.max(most, process.memoryUsage().rss);
      if (performance.now() > until) break;
    }
  }
  console.log(JSON.stringify({ counts, grownMegabytes: Math.round((most - before) / 1024 ** 2) }));
}
