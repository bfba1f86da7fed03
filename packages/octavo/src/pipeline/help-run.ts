import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, StepName } from '../core/index.js';
import { cleanSection, type Work, type WorkDone, workOn } from '../data/index.js';
import { type RunFolder, readStepState } from '../project/index.js';
import type { Config } from './config.js';
import { graph } from './graph.js';
import { keyOf } from './node.js';
import { cacheFolderOf, readRunConfig } from './run.js';

export interface HelpRun {
  readonly projectFolder: string;
  readonly run: RunFolder;
  /** How long to wait for the run to come to work that can be shared. */
  readonly waitMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (step: Work['kind'], done: number, total: number) => void;
  readonly onWaiting: (step: StepName) => void;
}

export interface Helped {
  readonly did: readonly (WorkDone & { readonly step: Work['kind'] })[];
  /** The step that the run has to do first for there to be more; undefined when there is none. */
  readonly waitsFor: StepName | undefined;
}

type Next = { readonly kind: 'waits'; readonly step: StepName } | { readonly kind: 'over' } | Work;

/** The steps that are done as the run has them now. What plan and collect say of themselves is taken: sources are not asked again. */
async function doneSteps(config: Config, { run, projectFolder }: HelpRun): Promise<ReadonlySet<StepName>> {
  const keys = new Map<StepName, string>();
  for (const node of graph) {
    const state = readStepState(run.state(node.name));
    if (state?.kind !== 'done' || !node.inputs.every((input) => keys.has(input))) continue;
    const isTaken = node.name === 'plan' || node.name === 'collect';
    if (isTaken || state.key === (await keyOf(node, config, { keys, projectFolder }))) keys.set(node.name, state.key);
    if (node.name === 'tokenize') break;
  }
  return new Set(keys.keys());
}

async function nextOf(help: HelpRun): Promise<Next> {
  const { run, projectFolder } = help;
  if (!existsSync(run.config)) return { kind: 'waits', step: 'collect' };
  const config = readRunConfig(run);
  const done = await doneSteps(config, help);
  const cacheFolder = cacheFolderOf(projectFolder);
  if (!done.has('collect')) return { kind: 'waits', step: 'collect' };
  if (!done.has('clean')) {
    const place = { section: cleanSection(config.data), projectFolder, cacheFolder, from: run.artifact('collect') };
    return { kind: 'clean', place };
  }
  for (const step of ['split', 'tokenizer'] as const) if (!done.has(step)) return { kind: 'waits', step };
  if (done.has('tokenize')) return { kind: 'over' };
  const tokenizer = join(run.artifact('tokenizer'), 'tokenizer.json');
  // One thread: there is a process for each core.
  return { kind: 'tokenize', place: { cacheFolder, from: run.artifact('split'), tokenizer, threads: 1 } };
}

const pauseMs = 1000;

/** Does a share of what a run has to do in shards, beside it or before it. Errors: RUN_ABSENT, DATA_SOURCE, CONFIG_INVALID. */
export async function helpRun(help: HelpRun): Promise<Helped> {
  const { waitMs, clock, signal, onProgress, onWaiting } = help;
  const did: (WorkDone & { readonly step: Work['kind'] })[] = [];
  const seen = new Set<string>();
  let sinceMs = clock.now();
  let told: StepName | undefined;
  for (;;) {
    signal.throwIfAborted();
    const next = await nextOf(help);
    if (next.kind === 'over') return { did, waitsFor: undefined };
    const name = JSON.stringify(next);
    if (next.kind !== 'waits' && !seen.has(name)) {
      seen.add(name);
      const { kind: step } = next;
      const done = await workOn(next, { signal, onProgress: (...counts) => onProgress(step, ...counts) });
      did.push({ step, ...done });
      sinceMs = clock.now();
      continue;
    }
    const waitsFor = next.kind === 'waits' ? next.step : next.kind;
    if (clock.now() - sinceMs >= waitMs) return { did, waitsFor };
    if (waitsFor !== told) onWaiting(waitsFor);
    told = waitsFor;
    await sleep(pauseMs, undefined, { signal });
  }
}
