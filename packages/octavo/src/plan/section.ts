import { z } from 'zod';
import { parseDuration } from '../core/index.js';

const duration = z
  .string()
  .refine((text) => (parseDuration(text) ?? 0) >= 1000, 'a time of a second or more, such as 90s, 10m or 1h30m');

/** octavo.yaml: plan. */
export const planSection = z
  .strictObject({
    goal: z
      .string()
      .min(1)
      .max(2000)
      .default('A small assistant that answers questions about countries and goes on with English prose.')
      .describe('What the model is for, in words; stands at the head of plan.md.'),
    budget: duration.default('10m').describe('Time for the whole run; everything else is sized by it.'),
    pretrainTime: duration.optional().describe('Time for pretraining alone; default: a share of the budget.'),
    money: z
      .strictObject({
        amount: z.number().positive().describe('What the run may cost.'),
        perHour: z.number().positive().describe('What an hour of this machine costs.'),
        currency: z.string().min(1).max(8).default('USD').describe('Shown beside amounts.'),
      })
      .optional()
      .describe('A limit in money; the tighter of time and money counts.'),
    dataBytes: z
      .number()
      .int()
      .min(1000)
      .optional()
      .describe('Bytes of training text to expect, where they are not known yet; default: the quickstart mix.'),
  })
  .describe('Goal and budget: what everything else is sized by.');

export type PlanSection = z.infer<typeof planSection>;
