/** Processes that clean and encode side by side, killed at random moments: what is left in the end has the bytes of an undisturbed run. */
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { shareOut } from '../../packages/octavo/src/data/scale/helpers.js';
import { artifacts, dataProjects, seededRandom } from './support/data-project.js';
import { variedRows } from './support/varied-text.js';

const random = seededRandom();
const { make, copy, start, finished } = dataProjects();

let project: string | undefined;
beforeAll(async () => {
  const rows = await variedRows(17_500_000);
  if (rows === undefined) return;
  project = make(rows);
  await finished(project, 'run', '--until', 'collect');
});
/** Shards are many, so that kills find some whole. */
const encoding = ['run', '--until', 'tokenize', '--set', 'data.tokenize.shardTokens=300000'];
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

  // Three workers, one of which is killed; one waits for what comes after, and the other ends in order.
  const waiting = start(joined, 'data', 'work', '--wait', '5');
  const workers = [1, 2].map(() => start(joined, 'data', 'work'));
  await sleep(400 + random() * wholeMs * 0.6);
  workers[0]?.child.kill('SIGKILL');
  expect((await workers[1]?.ended)?.code).toBe(0);
  await finished(joined, 'run', '--until', 'clean');
  expect(artifacts(joined, 'clean')).toEqual(expected);
  await finished(joined, ...encoding);
  const { code, said } = await waiting.ended;
  expect(code, said).toBe(0);
  expect(said).toMatch(
    /waiting for the run to do (clean|split)\n[\s\S]*clean: did \d of 3 shards[\s\S]*all is cleaned and encoded\n$/,
  );
  // One that comes late finds nothing to do.
  expect((await start(joined, 'data', 'work').ended).said).toBe('all is cleaned and encoded\n');
  console.info(`${kills} kills of the run; undisturbed ${Math.round(wholeMs)} ms`);
});

it('encode to the same bytes after 20 kills', async ({ skip }) => {
  if (project === undefined) return skip(registryIsSilent);
  const helped = artifacts(join(dirname(project), 'joined'), 'tokenize');
  await finished(project, 'run', '--until', 'tokenizer');
  const disturbed = copy(project, 'encoding');
  const startedMs = performance.now();
  await finished(project, ...encoding);
  const wholeMs = performance.now() - startedMs;
  const expected = artifacts(project, 'tokenize');
  expect(helped).toEqual(expected);

  const encode = [...encoding, '--set', 'data.workers=2'];
  let anew: readonly string[] = [];
  let whole = 0;
  for (let kills = 0; kills < 20; ) {
    // Alone every third time.
    const step = start(disturbed, ...(kills % 3 === 0 ? encoding : encode), ...anew);
    const worker = start(disturbed, 'data', 'work');
    await sleep(200 + random() * wholeMs);
    for (const { child } of [step, worker]) child.kill('SIGKILL');
    const [{ code, said }, helper] = await Promise.all([step.ended, worker.ended]);
    anew = code === 0 ? ['--from', 'tokenize'] : [];
    if (helper.code === null) kills++;
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

it('warn of one that fails, and go on', async () => {
  const warned: string[] = [];
  let hear = (): void => {};
  const heard = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const absent = {
    cacheFolder: '/nowhere/cache',
    from: '/nowhere/split',
    tokenizer: '/nowhere/tokenizer.json',
    threads: 1,
  };
  const emit: Parameters<typeof shareOut>[2]['emit'] = (event) => {
    if (event.kind === 'warning') warned.push(event.text);
    hear();
  };
  const opened = { shards: 2, documents: 2, run: () => heard.then(() => 2) };
  await shareOut(opened, { kind: 'tokenize', place: absent }, { workers: 2, emit });
  expect(warned).toEqual([expect.stringMatching(/^a process that helped ended with exit code 1: .*nowhere/)]);
});
