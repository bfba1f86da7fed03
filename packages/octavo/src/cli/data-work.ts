import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { formatDuration, OctavoError } from '../core/index.js';
import { cleanSection, workOnClean } from '../data/index.js';
import { cacheFolderOf, readProject } from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import type { Command, ExitCode, Invocation } from './command.js';
import { parseOptions } from './options.js';
import { existingRun, finishedArtifact } from './run-artifacts.js';

const Options = z.object({
  run: z.string().default('main'),
  set: z.array(z.string()).default([]),
  wait: z.coerce.number().min(0).max(100_000).default(0),
});

export const workOptions: Command['options'] = [
  { form: '--wait <minutes>', says: 'with work: how long it waits for a run that has not collected yet (0)' },
];

/** The folder of collect, once it has finished. Errors: RUN_ABSENT after so long. */
async function collected(
  { cwd, clock, terminal }: Invocation,
  { run, waitMs, signal }: { readonly run: string; readonly waitMs: number; readonly signal: AbortSignal },
): Promise<string> {
  const untilMs = clock.now() + waitMs;
  let isTold = false;
  for (;;)
    try {
      return finishedArtifact(existingRun(cwd, run), 'collect');
    } catch (error) {
      if (!(error instanceof OctavoError && error.code === 'RUN_ABSENT') || clock.now() >= untilMs) throw error;
      if (!isTold) terminal.err(`waiting for collect, at most ${formatDuration(waitMs)}\n`);
      isTold = true;
      await sleep(1000, undefined, { signal });
    }
}

/** `octavo data work`: cleans beside other processes, on this or other machines that see the project folder. */
export const dataWork = async (invocation: Invocation): Promise<ExitCode> => {
  const { options, json, terminal, cwd, clock, interruptible } = invocation;
  const { run, set, wait } = parseOptions(Options, options);
  const projectFolder = findProjectFolder(cwd);
  const { data } = readProject(projectFolder, set);
  let startedMs = clock.now();
  let toldMs = startedMs;
  const onProgress = (done: number, total: number): void => {
    const nowMs = clock.now();
    if (nowMs - toldMs < 2000) return;
    toldMs = nowMs;
    const leftMs = ((nowMs - startedMs) / done) * (total - done);
    if (json) terminal.out(`${JSON.stringify({ kind: 'progress', step: 'clean', done, total, unit: 'documents' })}\n`);
    else terminal.err(`clean: ${done} of ${total} documents by all processes, ${formatDuration(leftMs)} left\n`);
  };
  const cacheFolder = cacheFolderOf(projectFolder);
  const result = await interruptible(async (signal) => {
    try {
      const from = await collected(invocation, { run, waitMs: wait * 60_000, signal });
      startedMs = clock.now();
      return await workOnClean({ section: cleanSection(data), projectFolder, cacheFolder, from, signal }, onProgress);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }, 'leaving the shard to others');
  if (result === undefined) return 130;
  if (json) terminal.out(`${JSON.stringify({ kind: 'work-done', step: 'clean', ...result })}\n`);
  else
    terminal.err(
      `did ${result.own} of ${result.shards} shards, ${result.documents} documents, ${formatDuration(clock.now() - startedMs)}; next: octavo run\n`,
    );
  return 0;
};
