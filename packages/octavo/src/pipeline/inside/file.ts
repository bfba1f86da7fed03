/** `inside.json`: what went on inside the fine-tuned model at the first question of `evaluate.questions`. */
import { z } from 'zod';
import type { AttentionView, AttributionView, LensView, PatchView } from './views.js';

const word = z.object({ id: z.number(), text: z.string() });
const likely = word.extend({ probability: z.number() });
const strings = z.array(z.string());

const lens = z.object({
  kind: z.literal('lens'),
  tokens: strings,
  layers: z.array(z.array(z.object({ top: z.array(likely), finalProbability: z.number() }))),
});
const attention = z.object({
  kind: z.literal('attention'),
  tokens: strings,
  layers: z.number().int().nonnegative(),
  heads: z.number().int().nonnegative(),
  weights: z.array(z.number()),
});
const attribution = z.object({
  kind: z.literal('attribute'),
  tokens: strings,
  target: likely,
  other: word.optional(),
  attributions: z.array(z.number()),
  value: z.number(),
  baseline: z.number(),
  error: z.number(),
  bound: z.number(),
  points: z.number(),
});
const patching = z.object({
  kind: z.literal('patch'),
  site: z.enum(['residual', 'attention', 'feedForward']),
  tokens: strings,
  corruptedTokens: strings,
  target: word,
  other: word,
  cleanDifference: z.number(),
  corruptedDifference: z.number(),
  recovered: z.array(z.array(z.number())),
});

export interface InsideFile {
  readonly version: 1;
  readonly question: string;
  readonly lens: LensView;
  /** Absent where the model has too many heads, or the question too many tokens, for a picture. */
  readonly attention?: AttentionView | undefined;
  readonly attribution: AttributionView;
  /** Absent where no other question has as many tokens and another answer. */
  readonly patching?: (PatchView & { readonly corrupted: string }) | undefined;
}

export const insideFile: z.ZodType<InsideFile> = z.object({
  version: z.literal(1),
  question: z.string(),
  lens,
  attention: attention.optional(),
  attribution,
  patching: patching.extend({ corrupted: z.string() }).optional(),
});
