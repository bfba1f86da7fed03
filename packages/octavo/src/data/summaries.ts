/** The parts of the steps' `summary.json` that other code reads back. */
import { z } from 'zod';
import { mixKeys } from './balance/mix.js';
import { dataOrders } from './balance/order.js';

const count = z.number().int().min(0);

export const CollectSummary = z.object({
  documents: count,
  bytes: count,
  rejected: count,
  sources: z.array(
    z.object({
      name: z.string(),
      from: z.string(),
      licence: z.string(),
      documents: count,
      bytes: count,
      rejected: count,
    }),
  ),
  chat: z.object({
    conversations: count,
    families: z.record(z.string(), z.object({ train: count, validation: count, test: count, answers: count })),
  }),
});

export type CollectSummary = z.infer<typeof CollectSummary>;

export const CleanSummary = z.object({
  documentsIn: count,
  kept: count,
  dropped: count,
  droppedByReason: z.record(z.string(), count),
  /** What was changed in the documents that stay: cut lines, repaired characters and the like, by kind. */
  changes: z.record(z.string(), z.object({ documents: count, places: count })),
  /** A classifier of quality, if one was trained: accuracy on examples that it has not seen. */
  classifier: z.object({ examples: count, heldOut: count, accuracy: z.number(), sha256: z.string() }).optional(),
  bytesIn: count,
  bytesKept: count,
  sources: z.array(z.object({ name: z.string(), documents: count, bytes: count })),
});

const SplitTotals = z.object({
  documents: count,
  bytes: count,
  sources: z.record(z.string(), z.object({ documents: count, bytes: count })),
});
/** What was asked of the mixture of training text, and what came. */
const MixSummary = z.object({
  by: z.enum(mixKeys),
  documentsLeftOut: count,
  groups: z.array(
    z.object({
      name: z.string(),
      bytes: count,
      asked: z.number(),
      epochs: z.number(),
      documents: count,
      bytesGot: count,
      got: z.number(),
    }),
  ),
});
export type MixSummary = z.infer<typeof MixSummary>;

/** What there is of the documents that cleaning kept, before any mixture; absent in runs of older versions. */
const KeptFacts = z.object({
  licences: z.record(z.string(), z.object({ documents: count, bytes: count })),
  /** Documents of 2ⁿ to 2ⁿ⁺¹ − 1 bytes, by n. */
  lengths: z.record(z.string(), count),
  /** From the first to the last date, and how many documents have one. */
  times: z.object({ from: z.string(), to: z.string(), documents: count }).optional(),
});
export type KeptFacts = z.infer<typeof KeptFacts>;

export const SplitSummary = z.object({
  train: SplitTotals,
  validation: SplitTotals,
  test: SplitTotals,
  mix: MixSummary.optional(),
  order: z.enum(dataOrders).optional(),
  facts: KeptFacts.optional(),
});
export type SplitSummary = z.infer<typeof SplitSummary>;

const TokenTotals = z.object({ documents: count, bytes: count, tokens: count, shards: z.array(z.string()) });
export const TokenizeSummary = z.object({
  tokenizerHash: z.string(),
  vocabularySize: count,
  endOfTextId: count,
  train: TokenTotals,
  validation: TokenTotals,
  test: TokenTotals,
});
export type TokenizeSummary = z.infer<typeof TokenizeSummary>;
