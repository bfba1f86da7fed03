import { corpusReasons } from './filters/corpus-stage.js';
import { judgeReasons } from './filters/judges.js';
import { missingReasons } from './filters/missing.js';
import { qualityReasons } from './filters/quality.js';

/** Columns of `collect/documents.parquet`. */
export const documentColumns = {
  id: 'text',
  source: 'text',
  licence: 'text',
  text: 'text',
  url: 'text?',
  time: 'text?',
  title: 'text?',
  label: 'text?',
} as const;

export interface SourceDocument {
  /** `<source>/<file>`, `:line` for a row of a file, `#n` for a window of a long text. */
  readonly id: string;
  readonly source: string;
  readonly licence: string;
  readonly text: string;
  /** Address that the text came from. */
  readonly url?: string | undefined;
  /** ISO date, with time where known: when it was published or, failing that, fetched. */
  readonly time?: string | undefined;
  readonly title?: string | undefined;
  /** What the source itself says of it, in the field that `labelField` names. */
  readonly label?: string | undefined;
}

/** Columns of `clean/dropped.parquet`, and of the rows that `collect` could not read. */
export const droppedColumns = { id: 'text', source: 'text', reason: 'text', detail: 'text', excerpt: 'text' } as const;

/** Why a document, or a row of a file, is not in the training text. */
export const dropReasons = [
  'line-too-long',
  'invalid-json',
  'invalid-csv',
  'invalid-xml',
  'file-refused',
  'no-text',
  'invalid-utf8',
  'binary',
  'mojibake',
  'too-short',
  ...missingReasons,
  ...corpusReasons,
  ...qualityReasons,
  ...judgeReasons,
  'url-duplicate',
  'exact-duplicate',
  'near-duplicate',
  'substring-duplicate',
  'contaminated',
] as const;
export type DropReason = (typeof dropReasons)[number];

export interface DroppedDocument {
  readonly id: string;
  readonly source: string;
  readonly reason: DropReason;
  readonly detail: string;
  readonly excerpt: string;
}

/** What belongs together whatever the split: the windows of one text share everything before `#`. */
export const groupOf = (id: string): string => id.split('#', 1)[0] ?? id;

/** A document as a source gives it: read, or rejected with a reason. */
export type Collected =
  | { readonly kind: 'document'; readonly document: SourceDocument }
  | { readonly kind: 'rejected'; readonly dropped: DroppedDocument };

export const utf8Bytes = (text: string): number => Buffer.byteLength(text, 'utf8');
