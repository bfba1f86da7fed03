/** A few documents of a run, drawn uniformly: kept ones, or dropped ones with the place that a rule is about. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { readDocuments } from '../../formats/index.js';
import { type DroppedDocument, type DropReason, droppedColumns, dropReasons } from '../document.js';
import { repairText } from '../filters/document-stage.js';
import { languageReasons, loadIdentifier } from '../filters/language.js';
import { limits } from '../limits.js';
import { type Excerpt, excerptAround, hitOf } from './hit.js';
import { reservoir } from './reservoir.js';
import { at } from './steps-at.js';

export const Dropped: z.ZodType<DroppedDocument> = z.object({
  id: z.string(),
  source: z.string(),
  reason: z.enum(dropReasons),
  detail: z.string(),
  excerpt: z.string(),
});

export interface Selection {
  /** Only documents that stayed, or only those that did not; both without it. */
  readonly fate?: 'kept' | 'dropped' | undefined;
  /** Dropped for this reason, or a reason of this family. */
  readonly reason?: string | undefined;
  readonly source?: string | undefined;
  /** Two letters, as identified. */
  readonly language?: string | undefined;
}

export interface SampledDocument extends Excerpt {
  readonly id: string;
  readonly source: string;
  readonly dropped?: { readonly reason: DropReason; readonly detail: string } | undefined;
}

export interface Sample {
  /** How many documents there are of the kind; unknown where a language is asked for. */
  readonly of: number | undefined;
  /** Dropped documents drawn whose language is guessed from their excerpt: cleaning notes one only where it drops for it. */
  readonly guessed: number;
  readonly documents: readonly SampledDocument[];
}

interface Text {
  readonly source: string;
  readonly text: string;
}

/** Sources and texts of some documents by id, from one of the tables that hold texts. */
export async function textsOf(path: string, ids: readonly string[]): Promise<ReadonlyMap<string, Text>> {
  const texts = new Map<string, Text>();
  // Tables of early steps may be gone: what was noted of a document then has to do.
  if (ids.length === 0 || !existsSync(path)) return texts;
  const columns = { id: 'text', source: 'text', text: 'text' } as const;
  for await (const batch of readDocuments(path, { columns, ids }))
    for (const { id, ...rest } of batch) texts.set(id, rest);
  return texts;
}

/** Reasons that are about the text as it came. */
const raw = new Set<string>(['binary', 'invalid-utf8', 'mojibake']);

function excerptOfDropped(dropped: DroppedDocument, text: string | undefined): Excerpt {
  const { reason, excerpt } = dropped;
  // A row that could not be read is known by its excerpt alone.
  if (text === undefined) return { text: excerpt };
  const seen = raw.has(reason) ? text : repairText(text, { repairMojibake: true }).text;
  return excerptAround(seen, hitOf(dropped, seen), limits.excerptCharacters);
}

/** Dropped documents as they were when they went, around what was hit. */
async function excerptsOf(artifacts: string, dropped: readonly DroppedDocument[]): Promise<readonly SampledDocument[]> {
  const ids = dropped.map(({ id }) => id);
  const texts = await textsOf(at(artifacts, 'collect', 'documents.parquet'), ids);
  return dropped.map((one) => {
    const { id, source, reason, detail } = one;
    return { id, source, dropped: { reason, detail }, ...excerptOfDropped(one, texts.get(id)?.text) };
  });
}

/** Dropped documents by their ids, around what was hit. Errors: TABLE_CORRUPT. */
export async function showDropped(
  artifacts: string,
  documents: readonly { readonly id: string }[],
): Promise<readonly SampledDocument[]> {
  const dropped: DroppedDocument[] = [];
  const ids = documents.map(({ id }) => id);
  if (ids.length === 0) return [];
  const path = at(artifacts, 'clean', 'dropped.parquet');
  for await (const batch of readDocuments(path, { columns: droppedColumns, ids }))
    dropped.push(...batch.map((row) => Dropped.parse(row)));
  return excerptsOf(artifacts, dropped);
}

/** The beginnings of kept documents, in the order given. Errors: TABLE_CORRUPT. */
export async function showKept(
  artifacts: string,
  documents: readonly { readonly id: string }[],
): Promise<readonly SampledDocument[]> {
  const ids = documents.map(({ id }) => id);
  const texts = await textsOf(at(artifacts, 'clean', 'documents.parquet'), ids);
  return ids.map((id) => {
    const { source, text } = texts.get(id) ?? { source: '', text: '' };
    return { id, source, ...excerptAround(text, undefined, limits.excerptCharacters) };
  });
}

/** Some dropped documents of each reason. Errors: TABLE_CORRUPT. */
export async function sampleReasons(
  artifacts: string,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<ReadonlyMap<string, readonly SampledDocument[]>> {
  const reasons = new Map<string, ReturnType<typeof reservoir<DroppedDocument>>>();
  for await (const batch of readDocuments(at(artifacts, 'clean', 'dropped.parquet'), { columns: droppedColumns }))
    for (const row of batch) {
      const drawn = reasons.get(row.reason) ?? reservoir<DroppedDocument>({ count, seed });
      reasons.set(row.reason, drawn);
      drawn.offer(Dropped.parse(row));
    }
  const drawn = [...reasons].map(([reason, one]) => [reason, one.drawn()] as const);
  const all = await excerptsOf(
    artifacts,
    drawn.flatMap(([, documents]) => documents),
  );
  return new Map(drawn.map(([reason]) => [reason, all.filter(({ dropped }) => dropped?.reason === reason)]));
}

type Candidate =
  | { readonly kind: 'kept'; readonly id: string; readonly source: string; readonly text?: string }
  | ({ readonly kind: 'dropped' } & DroppedDocument);

async function* candidates(
  artifacts: string,
  { fate, reason, source, language }: Selection,
): AsyncGenerator<Candidate, void, undefined> {
  const isOf = (one: string): boolean => source === undefined || one === source;
  const isFor = (one: string): boolean => reason === undefined || one === reason || one.startsWith(`${reason}.`);
  if (fate !== 'dropped' && reason === undefined) {
    const path = at(artifacts, 'clean', 'documents.parquet');
    const named = { id: 'text', source: 'text' } as const;
    const batches =
      language === undefined
        ? readDocuments(path, { columns: named })
        : readDocuments(path, { columns: { ...named, text: 'text' } });
    for await (const batch of batches) for (const row of batch) if (isOf(row.source)) yield { kind: 'kept', ...row };
  }
  if (fate !== 'kept')
    for await (const batch of readDocuments(at(artifacts, 'clean', 'dropped.parquet'), { columns: droppedColumns }))
      for (const row of batch)
        if (isOf(row.source) && isFor(row.reason)) yield { kind: 'dropped', ...Dropped.parse(row) };
}

/** Draws documents of a kind; the same seed draws the same ones. Errors: TABLE_CORRUPT. */
export async function sampleDocuments(
  artifacts: string,
  selection: Selection,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Sample> {
  const { language } = selection;
  const identify = language === undefined ? undefined : await loadIdentifier();
  const isNoted = ({ reason }: DroppedDocument): boolean => languageReasons.some((one) => one === reason);
  const speaks = (one: Candidate): boolean => {
    if (identify === undefined) return true;
    if (one.kind === 'dropped' && isNoted(one)) return one.detail.startsWith(`${language} `);
    return identify(one.kind === 'kept' ? (one.text ?? '') : one.excerpt).language === language;
  };
  const drawn = reservoir<Candidate>({ count, seed });
  for await (const one of candidates(artifacts, selection)) drawn.offer(one, speaks);
  const all = drawn.drawn();
  return {
    of: language === undefined ? drawn.offered : undefined,
    guessed: language === undefined ? 0 : all.filter((one) => one.kind === 'dropped' && !isNoted(one)).length,
    documents: [
      ...(await showKept(
        artifacts,
        all.filter((one) => one.kind === 'kept'),
      )),
      ...(await excerptsOf(
        artifacts,
        all.filter((one) => one.kind === 'dropped'),
      )),
    ],
  };
}
