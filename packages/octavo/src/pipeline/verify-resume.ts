import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail, invariant } from '../core/index.js';
import { followEvents, openRunFolder, parseRunName, type RunFolder, readEvents } from '../project/index.js';
import { newestCheckpoint } from '../training/index.js';

export interface ResumeTrial {
  readonly projectFolder: string;
  /** The program that is started and killed: `bin/octavo.js`. */
  readonly program: string;
  /** `--set` texts for both runs, the trial's length among them. */
  readonly sets: readonly string[];
  /** How many times to kill it. */
  readonly kills: number;
  /** Of the moments. */
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Hears what is going on. */
  readonly tell: (text: string) => void;
}

export interface ResumeVerdict {
  /** Training steps after which the process was killed. */
  readonly killedAfter: readonly number[];
  readonly steps: number;
  /** SHA-256 of each file of the last checkpoint, undisturbed and killed. */
  readonly files: readonly { readonly name: string; readonly undisturbed: string; readonly killed: string }[];
  readonly same: boolean;
}

/** Numbers from 0 to 1 by a seed. Source: Tommy Ettinger's mulberry32. */
const seeded = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

const start = (
  trial: ResumeTrial,
  run: RunFolder,
  until: string,
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } => {
  const sets = trial.sets.flatMap((set) => ['--set', set]);
  const args = [trial.program, 'run', '--until', until, '--run', run.name, ...sets];
  const child = spawn(process.execPath, args, {
    cwd: trial.projectFolder,
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: trial.signal,
    killSignal: 'SIGTERM',
  });
  let said = '';
  child.stderr?.on('data', (text) => {
    said = `${said}${String(text)}`.slice(-4000);
  });
  // An abort is an 'error' of the child as well as its end; the end tells.
  child.on('error', () => undefined);
  return { child, ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, said }))) };
};

const finish = async (trial: ResumeTrial, run: RunFolder, until: string): Promise<void> => {
  const { code, said } = await start(trial, run, until).ended;
  trial.signal.throwIfAborted();
  if (code !== 0)
    throw fail('STEP_FAILED', {
      what: `a run of the trial ended with exit code ${code}: ${said.trim()}`,
      where: `runs/${run.name}`,
      remedy: 'see that `octavo run --until pretrain` works, then try again',
    });
};

/** Waits until training has done `target` steps; 'ended' if the process ended before. */
const reaches = async (
  run: RunFolder,
  seenBefore: number,
  target: number,
  ended: Promise<Ended>,
): Promise<'reached' | 'ended'> => {
  const stop = new AbortController();
  const watch = async (): Promise<'reached' | 'ended'> => {
    let count = 0;
    for await (const event of followEvents(run.events, { signal: stop.signal, pollMs: 5 })) {
      count += 1;
      if (count > seenBefore && event.kind === 'progress' && event.step === 'pretrain' && event.done >= target)
        return 'reached';
    }
    return 'ended';
  };
  const first = await Promise.race([watch(), ended.then(() => 'ended' as const)]);
  stop.abort();
  return first;
};

const lastCheckpoint = (run: RunFolder) => {
  const { checkpoint } = newestCheckpoint(join(run.artifact('pretrain'), 'checkpoints'));
  invariant(checkpoint !== undefined, 'a finished training has a checkpoint');
  return checkpoint.manifest;
};

/** Kills a training at random moments, going on each time, until it is done. */
const killedRun = async (trial: ResumeTrial, run: RunFolder, steps: number): Promise<readonly number[]> => {
  const random = seeded(trial.seed);
  const targets = Array.from({ length: trial.kills }, () => Math.floor(random() * steps)).toSorted((a, b) => a - b);
  const killedAfter: number[] = [];
  for (const target of targets) {
    const seenBefore = (await readEvents(run.events)).length;
    const { child, ended } = start(trial, run, 'pretrain');
    if ((await reaches(run, seenBefore, target, ended)) === 'ended') {
      trial.signal.throwIfAborted();
      break;
    }
    // Up to the length of some steps later, so that saves are hit too.
    await new Promise((resolve) => setTimeout(resolve, random() * 60));
    child.kill('SIGKILL');
    if ((await ended).code === 0) break;
    killedAfter.push(target);
    trial.tell(`killed after step ${target} (${killedAfter.length} of ${trial.kills})`);
  }
  await finish(trial, run, 'pretrain');
  return killedAfter;
};

/**
 * Trains twice from one start, once undisturbed and once killed (SIGKILL) at random moments and resumed each time, and
 * compares the last checkpoints byte by byte. Both runs are removed when they agree.
 */
export const verifyResume = async (trial: ResumeTrial): Promise<ResumeVerdict> => {
  const names = ['verify-undisturbed', 'verify-killed'];
  for (const name of names) rmSync(join(trial.projectFolder, 'runs', name), { recursive: true, force: true });
  const [undisturbed, killed] = names.map((name) => openRunFolder(trial.projectFolder, parseRunName(name)));
  invariant(undisturbed !== undefined && killed !== undefined, 'there are two runs');
  trial.tell('preparing the data');
  await finish(trial, undisturbed, 'size');
  for (const part of ['artifacts', 'steps', 'events.jsonl'])
    if (existsSync(join(undisturbed.folder, part)))
      cpSync(join(undisturbed.folder, part), join(killed.folder, part), { recursive: true });
  trial.tell('training undisturbed');
  await finish(trial, undisturbed, 'pretrain');
  const expected = lastCheckpoint(undisturbed);
  const killedAfter = await killedRun(trial, killed, expected.step);
  const found = lastCheckpoint(killed);
  const files = Object.entries(expected.files).map(([name, file]) => ({
    name,
    undisturbed: file.sha256,
    killed: found.files[name]?.sha256 ?? 'absent',
  }));
  const same = found.step === expected.step && files.every((file) => file.undisturbed === file.killed);
  if (same) for (const run of [undisturbed, killed]) rmSync(run.folder, { recursive: true, force: true });
  return { killedAfter, steps: expected.step, files, same };
};
