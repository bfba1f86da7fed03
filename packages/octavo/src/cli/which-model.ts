import { resolve } from 'node:path';
import { z } from 'zod';
import { fail } from '../core/index.js';
import { functionOf, type PresetName, presets } from '../models/index.js';
import {
  type Architecture,
  checkpointArchitecture,
  type GraphKind,
  presetArchitecture,
  projectArchitecture,
  runArchitecture,
} from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import type { Command } from './command.js';
import { existingRun } from './run-artifacts.js';

const presetNames = Object.keys(presets) as [PresetName, ...PresetName[]];

/** Which model a command looks at, in its options. */
export const modelOptions = {
  preset: z.enum(presetNames).optional(),
  run: z.string().optional(),
  checkpoint: z.string().min(1).optional(),
  set: z.array(z.string()).default([]),
};
type ModelOptions = z.infer<z.ZodObject<typeof modelOptions>>;

export const modelOptionHelp: Command['options'] = [
  { form: '--preset <name>', says: `a known model: ${presetNames.join(', ')}` },
  { form: '--run <name>', says: 'the model of this run, else that of its plan' },
  { form: '--checkpoint <folder>', says: 'the model of this checkpoint' },
  {
    form: '--set <field=value>',
    says: 'change a field of octavo.yaml, which is read when no model is named',
    repeats: true,
  },
];

/** Finds the one model that was asked for; without any option that of octavo.yaml. Errors: USAGE for two. */
export const architectureOf = async (
  { preset, run, checkpoint, set }: ModelOptions,
  cwd: string,
  command: string,
): Promise<Architecture> => {
  const given = Object.entries({ preset, run, checkpoint }).filter(([, value]) => value !== undefined);
  if (given.length > 1)
    throw fail('USAGE', {
      what: `${given.map(([name]) => `--${name}`).join(' and ')} name different models`,
      where: command,
      remedy: 'keep one of them',
    });
  if (given.length > 0 && set.length > 0)
    throw fail('USAGE', {
      what: `--set changes octavo.yaml, which --${given[0]?.[0]} does not read`,
      where: command,
      remedy: 'leave one of them out',
    });
  if (preset !== undefined) return presetArchitecture(preset);
  if (checkpoint !== undefined) return checkpointArchitecture(resolve(cwd, checkpoint));
  if (run !== undefined) return runArchitecture(existingRun(cwd, run));
  return projectArchitecture(resolve(findProjectFolder(cwd)), set);
};

/** Sequences and tokens of a step that is looked at: as asked for, else as planned. Errors: USAGE beyond the context. */
export const stepSizeOf = (
  {
    kind,
    sequences,
    length,
  }: { readonly kind: GraphKind; readonly sequences?: number | undefined; readonly length?: number | undefined },
  { model, length: usual, training }: Architecture,
): { readonly sequences: number; readonly length: number; readonly text: string } => {
  const tokens = length ?? training?.sequenceLength ?? usual;
  const { longest = tokens } = functionOf(model);
  if (tokens > longest)
    throw fail('USAGE', {
      what: `${tokens} tokens are more than the context of ${longest}`,
      where: '--length',
      remedy: 'make it smaller',
    });
  const rows = sequences ?? (kind === 'training' ? (training?.batchSequences ?? 1) : 1);
  return {
    sequences: rows,
    length: tokens,
    text: kind === 'decode' ? `${rows} × 1 token` : `${rows} × ${tokens} tokens`,
  };
};
