import { z } from 'zod';
import type { GptConfig } from './gpt-config.js';

const count = z.number().int().positive();
const vocabularySize = count.max(1 << 24).describe('Entries of the vocabulary, special tokens included.');
const contextLength = count.max(1 << 20).describe('Tokens that the model sees at most.');
const depth = count.max(1024).describe('Number of blocks; sets everything else.');
const width = count.max(1 << 17).describe('Channels of the residual stream.');
const heads = count.max(1024).describe('Attention heads.');
const keyValueHeads = count
  .max(1024)
  .describe('Heads of keys and values; fewer than heads is grouped-query attention.');
const headWidth = count.max(4096).describe('Channels of a head; even where positions are rotary.');
const feedForwardWidth = count.max(1 << 19).describe('Hidden channels of the feed-forward part, or of each expert.');

const experts = z
  .strictObject({
    count: count.min(2).max(4096).describe('Experts of each feed-forward part.'),
    active: count.max(64).default(2).describe('Experts that a token goes to.'),
    capacityFactor: z
      .number()
      .min(0)
      .max(64)
      .default(0)
      .describe(
        'Rows of an expert in training, as a multiple of its even share; what is over is dropped. 0 drops nothing.',
      ),
    scoring: z.enum(['softmax', 'sigmoid']).default('softmax').describe('How the router scores experts.'),
    normalise: z.boolean().default(true).describe('Whether the weights of a token’s experts are brought to sum 1.'),
    balance: z.number().min(0).max(10).default(0.01).describe('Weight of the load-balancing loss, a mean over layers.'),
    routerZ: z.number().min(0).max(10).default(0.001).describe('Weight of the router z-loss, a mean over layers.'),
  })
  .refine(({ count: all, active }) => active <= all, {
    message: 'a token cannot go to more experts than there are',
    path: ['active'],
  })
  .describe('A mixture of experts in place of each feed-forward part; absent where one part serves every token.');

const fields = z.strictObject({
  depth,
  width,
  heads,
  keyValueHeads,
  headWidth,
  feedForwardWidth,
  vocabularySize,
  contextLength,
  experts: experts.optional(),
  positions: z.enum(['learned', 'rotary']).describe('A learned vector each, or rotated queries and keys.'),
  rotaryBase: z.number().positive().describe('Base of the rotary wave lengths.'),
  norm: z.enum(['layer', 'rms']).describe('LayerNorm or RMSNorm.'),
  normEpsilon: z.number().positive().max(0.1).describe('Added to the variance.'),
  activation: z.enum(['gelu', 'gelu-tanh', 'relu-squared', 'swiglu']).describe('Of the feed-forward part.'),
  biases: z.boolean().describe('Biases of linear layers and LayerNorm.'),
  tiedEmbeddings: z.boolean().describe('One matrix for input and output tokens.'),
  queryKeyNorm: z.boolean().describe('RMS-normalise queries and keys.'),
  outputBias: z.boolean().describe('A bias on the logits, started at log unigram frequencies.'),
  dropout: z.number().min(0).lt(1).describe('Share of activations dropped in training.'),
});

/** Every field of a model, checked: how `plan.json` and checkpoints are read. */
export const gptConfigSchema: z.ZodType<GptConfig> = fields;

/** octavo.yaml: model. What is left out is chosen by the plan. */
export const modelSection = fields.partial().describe('The architecture; what is left out is chosen by the plan.');

export type ModelSection = z.infer<typeof modelSection>;
