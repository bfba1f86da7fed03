/** `size.json` as the report reads it. */
import { z } from 'zod';

export const sizeFile = z.object({
  parameters: z.object({
    total: z.number(),
    tokenEmbedding: z.number(),
    positionEmbedding: z.number(),
    attention: z.number(),
    feedForward: z.number(),
    norms: z.number(),
    head: z.number(),
  }),
  flops: z.object({ perToken: z.number(), total: z.number() }),
  memory: z.object({
    weightsBytes: z.number(),
    gradientsBytes: z.number(),
    optimiserBytes: z.number(),
    activationsBytes: z.number(),
    totalBytes: z.number(),
    allowedBytes: z.number(),
  }),
  pretrainSeconds: z.number(),
  tokensPerSecond: z.number(),
  decodingTokensPerSecond: z.number(),
});

export type SizeFile = Readonly<z.infer<typeof sizeFile>>;
