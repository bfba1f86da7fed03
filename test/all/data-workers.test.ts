/** Processes that clean and encode side by side, killed at random moments: what is left in the end has the bytes of an undisturbed run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { artifacts, dataProjects, seededRandom } from './support/data-project.js';
import { variedRows } from './support/varied-text.js';

const random = seededRandom();
const { make, copy, start, finished } = dataProjects();

let project: string | undefined;
beforeAll(async () => {
  const rows = await variedRows(20_000_000);
  if (rows === undefined) return;
  project = make(rows);
  await finished(project, 'run', '--until', 'collect');
});
const registryIsSilent = 'the npm registry does not answer';

it('clean to the same bytes after kills of the run and of workers', async ({ skip }) => {
  if (project === undefined) return skip(registryIsSilent);
  const disturbed = copy(project, 'disturbed');
  const joined = copy(project, 'joined');
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
  expect((await start(joined, 'data', 'work').ended).said).toMatch(/^split is for the run to do/);
  console.info(`${kills} kills of the run; undisturbed ${Math.round(wholeMs)} ms`);
});

it('encode to the same bytes after 20 kills', async ({ skip }) => {
  if (project === undefined) return skip(registryIsSilent);
  await finished(project, 'run', '--until', 'tokenizer');
  const disturbed = copy(project, 'encoding');
  const startedMs = performance.now();
  // Shards are many, so that kills find some whole.
  const run = ['run', '--until', 'tokenize', '--set', 'data.tokenize.shardTokens=300000'];
  await finished(project, ...run);
  const wholeMs = performance.now() - startedMs;
  const expected = artifacts(project, 'tokenize');

  const encode = [...run, '--set', 'data.workers=2'];
  let anew: readonly string[] = [];
  let whole = 0;
  for (let kills = 0; kills < 20; ) {
    // Alone every third time.
    const step = start(disturbed, ...(kills % 3 === 0 ? run : encode), ...anew);
    const worker = start(disturbed, 'data', 'work');
    await sleep(200 + random() * wholeMs);
    for (const { child } of [step, worker]) child.kill('SIGKILL');
    const [{ code, said }] = await Promise.all([step.ended, worker.ended]);
    anew = code === 0 ? ['--from', 'tokenize'] : [];
    if (code === null) kills++;
    else {
      expect(code, said).toBe(0);
      expect(artifacts(disturbed, 'tokenize')).toEqual(expected);
      whole++;
    }
  }
  await finished(disturbed, ...encode);
  expect(artifacts(disturbed, 'tokenize')).toEqual(expected);
  console.info(`20 kills, ${whole} runs that were faster; undisturbed ${Math.round(wholeMs)} ms`);
});
