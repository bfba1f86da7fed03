import { z } from 'zod';
import { bytesPattern, optimiserKinds, scheduleKinds } from '../core/index.js';
import type { OptimiserConfig } from './optimisers/index.js';

const optimiser = z.enum(optimiserKinds);
const weightDecay = z.number().min(0);
const group = z.strictObject({
  parameters: z
    .string()
    .min(1)
    .describe('Pattern of parameter paths, such as blocks.*.norm.gain; * stands for anything.'),
  optimiser: optimiser.optional().describe('What trains them.'),
  rate: z.number().min(0).optional().describe('Factor on the learning rate; 0 keeps them as they are.'),
  weightDecay: weightDecay.optional().describe('Their own decay; 0 spares them.'),
});

/** octavo.yaml: pretrain. What is left out is chosen by the plan. */
export const trainingSection = z
  .strictObject({
    optimiser: optimiser
      .default('muon')
      .describe('Muon trains the matrices of blocks and AdamW the rest; each of the others trains all.'),
    groups: z
      .array(group)
      .default([])
      .describe('Parameters that are trained otherwise; the first pattern that fits a path counts.'),
    learningRate: z.number().positive().optional().describe('Peak rate of all but Muon.'),
    matrixLearningRate: z.number().positive().optional().describe('Peak rate of Muon.'),
    batchSequences: z.number().int().positive().optional().describe('Sequences in one forward pass.'),
    microBatches: z.number().int().positive().optional().describe('Forward passes whose gradients make one step.'),
    memoryLimit: z
      .string()
      .regex(bytesPattern, 'Expected a size such as 2GB or 512 MiB')
      .optional()
      .describe(
        'Most memory of a step, such as 2GB; the batch is cut, or parts of the forward pass run twice, to keep it.',
      ),
    sequenceLength: z.number().int().positive().optional().describe('Tokens of a training sequence.'),
    steps: z.number().int().positive().optional().describe('Optimiser steps.'),
    schedule: z.enum(scheduleKinds).default('linear').describe('How the rate falls after warm-up.'),
    warmupShare: z.number().min(0).max(1).default(0.03).describe('Share of the steps in which the rate rises.'),
    decayShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe('Share of the steps in which warmup-stable-decay falls.'),
    floor: z.number().min(0).max(1).default(0).describe('Last rate, as a share of the peak.'),
    weightDecay: weightDecay
      .default(0)
      .describe('Decay of weights: apart from the gradient, but part of it for adam and sgd.'),
    decayed: z
      .array(z.enum(['matrix', 'embedding', 'vector']))
      .default(['matrix', 'embedding'])
      .describe('Kinds of parameters that decay; vectors are gains and biases.'),
    beta1: z.number().min(0).lt(1).default(0.9).describe('First-moment decay of AdamW, Adam and Lion.'),
    beta2: z
      .number()
      .min(0)
      .lt(1)
      .default(0.95)
      .describe('Second-moment decay of AdamW and Adam; momentum decay of Lion.'),
    epsilon: z.number().positive().default(1e-8).describe('Added to the root of the second moment by AdamW and Adam.'),
    momentum: z.number().min(0).lt(1).default(0.95).describe('Momentum of Muon and SGD.'),
    nesterov: z.boolean().default(false).describe('Nesterov’s momentum in SGD; Muon has it always.'),
    states: z
      .enum(['float32', 'bfloat16'])
      .default('float32')
      .describe('Type of moments; bfloat16 is rounded stochastically. Muon and Adafactor keep float32.'),
    average: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('Decay of a moving average of weights, kept beside them, such as 0.999; 0 keeps none.'),
    clipValue: z.number().min(0).default(0).describe('Largest magnitude of a gradient’s element; 0 does not clip.'),
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
export const optimiserOf = ({
  optimiser: kind,
  groups,
  beta1,
  beta2,
  epsilon,
  weightDecay,
  decayed,
  momentum,
  nesterov,
  states,
  average,
}: TrainingSection): OptimiserConfig => ({
  kind,
  groups,
  beta1,
  beta2,
  epsilon,
  weightDecay,
  decayed,
  momentum,
  nesterov,
  states,
  average,
});
