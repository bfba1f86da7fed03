import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fail, writeFileAtomic } from '../core/index.js';
import type { Machine } from '../hardware/index.js';
import type { Step, StepContext } from '../project/index.js';
import { choosePlan, type PlanInput } from './choose-plan.js';
import { type Plan, planSchema } from './plan.js';
import { planMarkdown } from './plan-text.js';

export interface PlanDependencies {
  /** Measures the machine, or remembers what was measured. */
  readonly machine: (context: Pick<StepContext<PlanInput>, 'cacheFolder' | 'signal'>) => Promise<Machine>;
  /** Bytes of training text where they are known before anything is collected; else undefined. */
  readonly dataBytes: (
    context: Pick<StepContext<PlanInput>, 'projectFolder' | 'signal'>,
  ) => Promise<number | undefined>;
}

/** Writes `plan.json` and `plan.md`. Errors: PLAN_IMPOSSIBLE. */
export const planStep = ({ machine, dataBytes }: PlanDependencies): Step<PlanInput> => ({
  name: 'plan',
  version: 2,
  inputs: [],
  run: async (context) => {
    const { section, folder, signal } = context;
    const plan = choosePlan(section, await machine(context), { dataBytes: await dataBytes(context) });
    if (signal.aborted) return { kind: 'interrupted' };
    writeFileAtomic(join(folder, 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`);
    writeFileAtomic(join(folder, 'plan.md'), planMarkdown(plan));
    const { model, training } = plan.resolved;
    const { depth, width, vocabularySize } = model;
    return {
      kind: 'done',
      summary: { ...plan.forecast, depth, width, vocabularySize, steps: training.steps, tokens: training.tokens },
    };
  },
});

/** Reads a `plan.json`. Errors: PLAN_INVALID. */
export async function readPlan(folder: string): Promise<Plan> {
  const path = join(folder, 'plan.json');
  const invalid = (what: string, cause?: unknown) =>
    fail('PLAN_INVALID', { what, where: path, remedy: 'run the plan step again', cause });
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw invalid('cannot be read', cause);
  }
  const read = planSchema.safeParse(value);
  if (!read.success) throw invalid(z.prettifyError(read.error));
  return read.data;
}
