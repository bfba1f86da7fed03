import type { DataSummary, SampledDocument } from '../../data/index.js';
import type { Plan } from '../../plan/index.js';
import type { RunState } from '../../project/index.js';
import type { TokenizerSummary } from '../../text/index.js';
import type { InsideFile } from '../inside/file.js';
import type { EvaluationFile } from './evaluation-file.js';
import type { Part } from './part.js';
import type { SizeFile } from './size-file.js';

/** A kept document, as far as the page shows it. */
export interface KeptDocument {
  readonly id: string;
  readonly source: string;
  readonly excerpt: string;
}

export interface DataPart {
  readonly summary: DataSummary;
  /** Kept documents, a few of each source. */
  readonly kept: readonly KeptDocument[];
  /** Dropped documents by reason, a few of each. */
  readonly dropped: ReadonlyMap<string, readonly SampledDocument[]>;
}

/** All that the page shows, read from the run's folder. */
export interface ReportData {
  readonly name: string;
  readonly state: RunState;
  /** A process is writing to the run right now. */
  readonly alive: boolean;
  /** The text is the quickstart's, for which figures to reach are known. */
  readonly quickstart: boolean;
  readonly plan: Part<Plan>;
  readonly size: Part<SizeFile>;
  readonly data: Part<DataPart>;
  readonly tokenizer: Part<TokenizerSummary>;
  /** Held-out text cut into its tokens. */
  readonly tokens: readonly string[];
  readonly evaluation: Part<EvaluationFile>;
  readonly inside: Part<InsideFile>;
  /** When the report was written. */
  readonly nowMs: number;
}
