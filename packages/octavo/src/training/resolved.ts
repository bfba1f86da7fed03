import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../core/index.js';
import { gptConfigSchema } from '../models/index.js';

/** The part of plan.json that training reads. */
const resolvedPlan = z.object({
  resolved: z.object({
    model: gptConfigSchema,
    training: z.object({
      batchSequences: z.number().int().positive(),
      microBatches: z.number().int().positive(),
      sequenceLength: z.number().int().positive(),
      steps: z.number().int().positive(),
      learningRate: z.object({ matrices: z.number().positive(), others: z.number().positive() }),
    }),
  }),
});

export type ResolvedPlan = z.infer<typeof resolvedPlan>['resolved'];

/** Reads what the plan chose. Errors: FILE_INVALID. */
export function readResolvedPlan(folder: string): ResolvedPlan {
  const where = join(folder, 'plan.json');
  try {
    return resolvedPlan.parse(JSON.parse(readFileSync(where, 'utf8'))).resolved;
  } catch (cause) {
    throw fail('FILE_INVALID', {
      what: 'the plan cannot be read',
      where,
      remedy: 'run the plan step again: octavo run --from plan',
      cause,
    });
  }
}
