import { z } from 'zod';
import type { OptimiserConfig } from './optimiser.js';

/** octavo.yaml: pretrain. What is left out is chosen by the plan. */
export const trainingSection = z
  .strictObject({
    optimiser: z
      .enum(['muon', 'adamw'])
      .default('muon')
      .describe('Muon trains the matrices of blocks and AdamW the rest, or AdamW trains all.'),
    learningRate: z.number().positive().optional().describe('Peak rate of AdamW.'),
    matrixLearningRate: z.number().positive().optional().describe('Peak rate of Muon.'),
    batchSequences: z.number().int().positive().optional().describe('Sequences in one forward pass.'),
    microBatches: z.number().int().positive().default(1).describe('Forward passes whose gradients make one step.'),
    sequenceLength: z.number().int().positive().optional().describe('Tokens of a training sequence.'),
    steps: z.number().int().positive().optional().describe('Optimiser steps.'),
    schedule: z
      .enum(['linear', 'cosine', 'warmup-stable-decay'])
      .default('linear')
      .describe('How the rate falls after warm-up.'),
    warmupShare: z.number().min(0).max(1).default(0.03).describe('Share of the steps in which the rate rises.'),
    decayShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe('Share of the steps in which warmup-stable-decay falls.'),
    floor: z.number().min(0).max(1).default(0).describe('Last rate, as a share of the peak.'),
    weightDecay: z.number().min(0).default(0).describe('Decoupled decay of matrices and embeddings.'),
    beta1: z.number().min(0).lt(1).default(0.9).describe('First-moment decay of AdamW.'),
    beta2: z.number().min(0).lt(1).default(0.95).describe('Second-moment decay of AdamW.'),
    momentum: z.number().min(0).lt(1).default(0.95).describe('Momentum of Muon.'),
    clip: z.number().min(0).default(1).describe('Largest global gradient norm; 0 does not clip.'),
    precision: z
      .enum(['mixed', 'float32'])
      .default('mixed')
      .describe('16-bit operands with float32 sums and weights, or float32 throughout.'),
    seed: z
      .number()
      .int()
      .min(0)
      .max(2 ** 31)
      .default(1)
      .describe('Of weights, data order and dropout.'),
    checkpointEvery: z.number().int().positive().default(200).describe('Steps between checkpoints.'),
    validateEvery: z.number().int().positive().default(200).describe('Steps between validations.'),
    sampleEvery: z.number().int().positive().default(200).describe('Steps between samples.'),
    samplePrompt: z.string().default('The ').describe('What samples go on from.'),
    threads: z.number().int().positive().optional().describe('Threads of a step; all cores if left out.'),
  })
  .describe('Pretraining: optimiser, batch, schedule, checkpoints.');

export type TrainingSection = z.infer<typeof trainingSection>;

/** The optimiser that a section asks for. */
export const optimiserOf = (section: TrainingSection): OptimiserConfig => {
  const { optimiser: kind, beta1, beta2, weightDecay, momentum } = section;
  return { kind, beta1, beta2, epsilon: 1e-8, weightDecay, momentum };
};
