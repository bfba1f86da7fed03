import { z } from 'zod';

/** octavo.yaml: evaluate. */
export const evaluateSection = z
  .strictObject({
    heldOut: z
      .enum(['validation', 'test'])
      .default('validation')
      .describe('Which held-out part model and baselines are measured on.'),
    ngramTokens: z
      .number()
      .int()
      .min(1)
      .max(50_000_000)
      .default(8_000_000)
      .describe('Training tokens that the n-gram baselines count; about 150 bytes of memory each.'),
    xz: z.boolean().default(true).describe('Whether to compress with xz -9e, where it is installed, for comparison.'),
    chatPerFamily: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .default(200)
      .describe('Test conversations to answer in each family.'),
    answerTokens: z.number().int().min(1).max(4096).default(48).describe('Tokens of an answer at most.'),
    examples: z.number().int().min(0).max(1000).default(6).describe('Answers to keep in each family, right and wrong.'),
    questions: z
      .array(z.string().min(1).max(10_000))
      .max(100)
      .default(['What is the capital of France?', 'Which continent is Japan in?', 'Which currency is used in Japan?'])
      .describe('Asked at the end; the answers go into the report.'),
    bootstrapSamples: z.number().int().min(100).max(100_000).default(1000).describe('Resamplings for an interval.'),
    seed: z.number().int().min(0).max(4_294_967_295).default(1).describe('Of the resamplings.'),
  })
  .describe('Evaluation: bits per byte beside baselines, exact match of answers.');

export type EvaluateSection = z.infer<typeof evaluateSection>;
