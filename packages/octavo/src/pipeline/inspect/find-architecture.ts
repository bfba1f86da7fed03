import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { MachineFacts, Precision } from '@octavo/engine';
import { fail } from '../../core/index.js';
import { type GptConfig, type Model, type PresetName, presets } from '../../models/index.js';
import { choosePlan, type Plan, readPlan } from '../../plan/index.js';
import type { RunFolder } from '../../project/index.js';
import { machineFacts, openCheckpoint } from '../../training/index.js';
import { measuredMachine } from '../machine.js';
import { planInput } from '../plan-input.js';
import { cacheFolderOf, readProject } from '../run.js';
import { newestOfRun } from '../run-model.js';

/** An architecture, and where it was found. */
export interface Architecture {
  readonly name: string;
  /** In words: `octavo.yaml as the plan resolves it`. */
  readonly from: string;
  readonly model: Model;
  /** Tokens of a sequence that it is looked at with, if nothing else is said. */
  readonly length: number;
  /** How it would be trained, where a plan says so. */
  readonly training: Plan['resolved']['training'] | undefined;
}

export const presetArchitecture = (name: PresetName): Architecture => ({
  name,
  from: `the preset ${name}`,
  model: presets[name],
  length: presets[name].length,
  training: undefined,
});

const ofGpt = (config: GptConfig): Pick<Architecture, 'model' | 'length'> => ({
  model: { architecture: 'gpt', config },
  length: config.contextLength,
});

/** Errors: CHECKPOINT_CORRUPT. */
export const checkpointArchitecture = (folder: string): Architecture => ({
  name: basename(folder),
  from: `checkpoint ${folder}`,
  ...ofGpt(openCheckpoint(folder).manifest.model),
  training: undefined,
});

/** The newest checkpoint of a run, else its plan. Errors: RUN_ABSENT. */
export const runArchitecture = async (run: RunFolder): Promise<Architecture> => {
  const planFolder = run.artifact('plan');
  const plan = existsSync(join(planFolder, 'plan.json')) ? await readPlan(planFolder) : undefined;
  const trained = ['finetune', 'pretrain'].some((stage) =>
    existsSync(join(run.folder, 'artifacts', stage, 'checkpoints')),
  );
  const training = plan?.resolved.training;
  if (trained) {
    const { stage, checkpoint } = newestOfRun(run);
    const { model, step } = checkpoint.manifest;
    return { name: run.name, from: `runs/${run.name}, ${stage} step ${step}`, ...ofGpt(model), training };
  }
  if (plan !== undefined)
    return { name: run.name, from: `the plan of runs/${run.name}`, ...ofGpt(plan.resolved.model), training };
  throw fail('RUN_ABSENT', {
    what: 'this run has neither a plan nor a model yet',
    where: `runs/${run.name}`,
    remedy: 'make its plan: octavo plan',
  });
};

/** octavo.yaml, what it leaves out chosen by the plan; measures the machine once. Errors: CONFIG_UNREADABLE, CONFIG_INVALID, PLAN_IMPOSSIBLE. */
export const projectArchitecture = async (projectFolder: string, sets: readonly string[]): Promise<Architecture> => {
  const input = planInput(readProject(projectFolder, sets));
  const { resolved } = choosePlan(input, await measuredMachine(cacheFolderOf(projectFolder)));
  return {
    name: basename(projectFolder),
    from: 'octavo.yaml, as the plan resolves it on this machine',
    ...ofGpt(resolved.model),
    training: resolved.training,
  };
};

/** What mixed precision is on this machine. */
export const mixedPrecisionOf = async (cacheFolder: string): Promise<Precision> =>
  (await machineFactsOf(cacheFolder)).mixedPrecision;

/** What this machine was measured to do, now or before. */
export const machineFactsOf = (cacheFolder: string): Promise<MachineFacts> =>
  machineFacts(cacheFolder, process.env['OCTAVO_ISA']);
