import { z } from 'zod';

/** octavo.yaml: finetune. */
export const tuningSection = z
  .strictObject({
    steps: z.number().int().positive().optional().describe('Optimiser steps; the plan chooses if left out.'),
    batchSequences: z.number().int().positive().default(8).describe('Packed sequences in one step.'),
    learningRate: z.number().positive().default(0.006).describe('Peak rate of AdamW.'),
    matrixLearningRate: z.number().positive().default(0.012).describe('Peak rate of Muon.'),
    average: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('Decay of a moving average of weights, kept beside them; 0 keeps none.'),
    proseShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.15)
      .describe('Share of the loss that comes from pretraining text, against forgetting.'),
    warmupShare: z.number().min(0).max(1).default(0.05).describe('Share of the steps in which the rate rises.'),
    checkpointEvery: z.number().int().positive().default(200).describe('Steps between checkpoints.'),
    validateEvery: z.number().int().positive().default(100).describe('Steps between validations.'),
    sampleEvery: z.number().int().positive().default(100).describe('Steps between samples.'),
    sampleQuestion: z.string().default('What is the capital of France?').describe('What samples answer.'),
  })
  .describe('Supervised fine-tuning on conversations.');

export type TuningSection = z.infer<typeof tuningSection>;
