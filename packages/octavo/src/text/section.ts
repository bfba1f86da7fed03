import { z } from 'zod';
import { patternNames } from './patterns.js';
import { standardSpecialTokens } from './special-tokens.js';

/** The `tokenizer` section of octavo.yaml. */
export const tokenizerSection = z
  .strictObject({
    vocabularySize: z
      .union([
        z.literal('auto'),
        z
          .number()
          .int()
          .min(256 + standardSpecialTokens.length)
          .max(1 << 20),
      ])
      .default('auto')
      .describe('How many tokens to learn, bytes and special tokens included; auto lets the plan decide.'),
    pattern: z
      .enum(patternNames)
      .default('cl100k')
      .describe('How text is cut into words first: as GPT-2, GPT-4 (cl100k) or GPT-4o (o200k) do.'),
    minimumFrequency: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(2)
      .describe('A pair of tokens that occurs less often in the text is not merged.'),
  })
  .describe('How text becomes tokens.');

export type TokenizerSection = z.infer<typeof tokenizerSection>;
