/** `evaluation.json` as the report reads it. */
import { z } from 'zod';

const modelBits = z.object({ bitsPerByte: z.number(), perplexity: z.number(), low: z.number(), high: z.number() });

export const evaluationFile = z.object({
  heldOut: z.object({ split: z.string(), tokens: z.number(), bytes: z.number() }),
  baselineTokens: z.number(),
  bitsPerByte: z.object({
    unigram: z.number(),
    bigram: z.number(),
    trigram: z.number(),
    fivegram: z.number(),
    xz: z.number().nullable(),
  }),
  model: modelBits,
  finetuned: modelBits,
  xz: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('measured'), bitsPerByte: z.number(), note: z.string().optional() }),
    z.object({ kind: z.literal('absent'), why: z.string() }),
  ]),
  chat: z.record(
    z.string(),
    z.object({
      n: z.number(),
      right: z.number(),
      rate: z.number(),
      low: z.number(),
      high: z.number(),
      examples: z.array(
        z.object({ question: z.string(), expected: z.string(), answer: z.string(), right: z.boolean() }),
      ),
    }),
  ),
  answers: z.array(z.object({ question: z.string(), answer: z.string() })),
});

export type EvaluationFile = Readonly<z.infer<typeof evaluationFile>>;
