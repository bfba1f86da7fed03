import { z } from 'zod';
import { type OptimiserKind, optimiserKinds, type ScheduleKind, scheduleKinds } from '../core/index.js';
import { type ModelShape, machineSchema, shapeSchema } from '../hardware/index.js';

const positive = z.number().positive();
const whole = z.number().int().positive();
const rates = z.object({ matrices: positive, others: positive });
const optimiser = z.enum(optimiserKinds);
const precision = z.enum(['mixed', 'float32']);

/** `plan.json`: what the next steps go by, what to expect of it, and why each field is what it is. */
export const planSchema = z.object({
  version: z.literal(1),
  goal: z.string(),
  machine: machineSchema,
  data: z.object({ bytes: positive, tokens: positive, estimated: z.boolean() }),
  resolved: z.object({
    tokenizer: z.object({ vocabularySize: whole }),
    model: shapeSchema,
    training: z.object({
      optimiser,
      precision,
      /** Sequences of one forward pass. */
      batchSequences: whole,
      /** Forward passes of one step. */
      microBatches: whole,
      sequenceLength: whole,
      steps: whole,
      tokens: whole,
      learningRate: rates,
      warmupSteps: z.number().int().min(0),
      schedule: z.enum(scheduleKinds),
      seed: z.number().int().min(0),
    }),
    finetune: z.object({ steps: whole }),
  }),
  forecast: z.object({
    parameters: whole,
    /** Operations of pretraining. */
    flops: positive,
    pretrainSeconds: positive,
    finetuneSeconds: positive,
    totalSeconds: positive,
    /** Of one training step. */
    memoryBytes: positive,
    memoryAllowedBytes: positive,
    /** Passes over the training text. */
    epochs: positive,
    bitsPerByte: positive,
    bitsPerByteError: positive,
    cost: z.object({ amount: positive, currency: z.string() }).optional(),
  }),
  schedule: z.array(z.object({ step: z.string(), seconds: z.number().min(0), kind: z.enum(['budget', 'allowance']) })),
  risks: z.array(z.string()),
  reasons: z.array(
    z.object({ field: z.string(), value: z.union([z.string(), z.number(), z.boolean()]), why: z.string() }),
  ),
});

export type Plan = Readonly<z.infer<typeof planSchema>>;
export interface Reason {
  readonly field: string;
  readonly value: string | number | boolean;
  readonly why: string;
}
export const setByYou = 'set by you';

/** Fields of the `model` section that the user set. */
export type ModelChoices = { readonly [Field in keyof ModelShape]?: ModelShape[Field] | undefined };

/** Fields of the `pretrain` section that the plan reads; what is left out it chooses. */
export interface PretrainChoices {
  readonly optimiser?: OptimiserKind | undefined;
  readonly precision?: 'mixed' | 'float32' | undefined;
  readonly learningRate?: number | undefined;
  readonly matrixLearningRate?: number | undefined;
  readonly batchSequences?: number | undefined;
  readonly microBatches?: number | undefined;
  readonly sequenceLength?: number | undefined;
  readonly steps?: number | undefined;
  readonly schedule?: ScheduleKind | undefined;
  readonly warmupShare?: number | undefined;
  readonly seed?: number | undefined;
  readonly memoryLimit?: string | undefined;
}
