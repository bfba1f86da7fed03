import type { z } from 'zod';
import { readSummary } from '../read-summary.js';
import { CleanSummary, CollectSummary, SplitSummary, TokenizeSummary } from '../summaries.js';
import { at } from './steps-at.js';

export interface DataSummary {
  readonly collected: z.infer<typeof CollectSummary>;
  readonly cleaned: z.infer<typeof CleanSummary>;
  readonly split: SplitSummary;
  /** Absent until the tokenize step has run. */
  readonly tokens: TokenizeSummary | undefined;
}

/** The counts of all data steps of a run; `artifacts` is its artifacts folder. Errors: RUN_ABSENT, FILE_INVALID. */
export async function dataSummary(artifacts: string): Promise<DataSummary> {
  return {
    collected: await readSummary(at(artifacts, 'collect'), CollectSummary),
    cleaned: await readSummary(at(artifacts, 'clean'), CleanSummary),
    split: await readSummary(at(artifacts, 'split'), SplitSummary),
    tokens: await readSummary(at(artifacts, 'tokenize'), TokenizeSummary).catch(() => undefined),
  };
}
