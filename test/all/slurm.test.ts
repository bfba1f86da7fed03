/** `octavo data slurm` on a real Slurm: the bytes are those of one process, though one task is cancelled and one killed. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { artifacts, dataProjects, octavo } from './support/data-project.js';
import { startSlurm, whyNoSlurm } from './support/slurm.js';
import { variedRows } from './support/varied-text.js';

if (whyNoSlurm !== undefined) console.warn(`skipped: Slurm, because ${whyNoSlurm}`);

const { make, copy, finished } = dataProjects();
const Jobs = z.object({ jobs: z.array(z.string()).length(5) });

it.skipIf(whyNoSlurm !== undefined)('works as an array of jobs', async ({ skip }) => {
  const rows = await variedRows(26_000_000);
  if (rows === undefined) return skip('the npm registry does not answer');
  const alone = make(rows);
  const project = copy(alone, 'slurm');
  await using slurm = await startSlurm();
  const submitted = execFileSync(
    process.execPath,
    [octavo, 'data', 'slurm', '--workers', '4', '--partition', 'short', '--submit', '--json'],
    { cwd: project, env: slurm.env, encoding: 'utf8' },
  );
  const { jobs } = Jobs.parse(JSON.parse(submitted));
  const [collect, work] = jobs;
  const finish = jobs.at(-1);
  const stateOf = (job: string | undefined): string =>
    /JobState=(\w+)/.exec(slurm.ask('scontrol', 'show', 'job', job ?? ''))?.[1] ?? '';
  const filesIn = (...path: readonly string[]): readonly string[] => {
    const folder = join(project, ...path);
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  };
  const logs = () =>
    filesIn('octavo-slurm')
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    for (let attempt = 0; !isSo(); attempt++) {
      if (attempt === 6000 || stateOf(collect) === 'FAILED') throw new Error(`${what} did not come:\n${logs()}`);
      await sleep(100);
    }
  };

  const cleaning = ['.octavo', 'cache', 'clean'];
  const holders = () =>
    filesIn(...cleaning)
      .flatMap((folder) => filesIn(...cleaning, basename(folder), 'claims'))
      .flatMap((path) => {
        const pid = /"pid":(\d+)/.exec(readFileSync(path, 'utf8'))?.[1];
        return pid === undefined ? [] : [{ path, pid: Number(pid) }];
      });
  let caught: ReturnType<typeof holders> = [];
  await until('three tasks at work', () => {
    caught = holders();
    if (caught.length < 3) return false;
    caught = caught.slice(0, 2);
    // Stopped, so that neither finishes before its end comes.
    for (const { pid } of caught) process.kill(pid, 'SIGSTOP');
    if (caught.every(({ path }) => existsSync(path))) return true;
    for (const { pid } of caught) process.kill(pid, 'SIGCONT');
    return false;
  });
  const [cancelled, killed] = caught.map(({ pid }) => {
    const task = /SLURM_ARRAY_TASK_ID=(\d+)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))?.[1];
    return `${work}_${task}`;
  });
  slurm.ask('scancel', cancelled ?? '');
  process.kill(caught[1]?.pid ?? 0, 'SIGKILL');

  await until('the end', () => stateOf(finish) === 'COMPLETED');
  expect(stateOf(cancelled)).toBe('CANCELLED');
  expect(stateOf(killed)).toBe('FAILED');
  await finished(alone, 'run', '--until', 'tokenize');
  for (const step of ['collect', 'clean', 'split', 'tokenize'])
    expect(artifacts(project, step), step).toEqual(artifacts(alone, step));
});
