/** A few documents of a run, drawn uniformly: kept ones, or dropped ones with the place that a rule is about. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { queryTables, readDocuments } from '../../formats/index.js';
import { type DroppedDocument, type DropReason, droppedColumns, dropReasons } from '../document.js';
import { repairText } from '../filters/document-stage.js';
import { languageReasons, loadIdentifier } from '../filters/language.js';
import { limits } from '../limits.js';
import { type Drawn, drawDocuments, type Selection } from './draw.js';
import { type Excerpt, excerptAround, hitOf } from './hit.js';
import { at } from './steps-at.js';

export const Dropped: z.ZodType<DroppedDocument> = z.object({
  id: z.string(),
  source: z.string(),
  reason: z.enum(dropReasons),
  detail: z.string(),
  excerpt: z.string(),
});

export interface SampledDocument extends Excerpt {
  readonly id: string;
  readonly source: string;
  readonly dropped?: { readonly reason: DropReason; readonly detail: string } | undefined;
}

export interface Sample {
  /** How many documents there are of the kind; unknown where a language is asked for. */
  readonly of: number | undefined;
  /** How many were asked for their language. */
  readonly asked: number | undefined;
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
  const dropped = at(artifacts, 'clean', 'dropped.parquet');
  const sql = `SELECT unnest(arg_min(id, sha256('sample:${seed}:' || id), ${count})) AS id FROM dropped GROUP BY reason`;
  const ids: { readonly id: string }[] = [];
  for await (const batch of queryTables({ dropped }, { sql, columns: { id: 'text' }, spill: `${dropped}.drawn` }))
    ids.push(...batch);
  const samples = new Map<string, SampledDocument[]>();
  for (const one of await showDropped(artifacts, ids)) {
    const reason = one.dropped?.reason ?? '';
    samples.set(reason, [...(samples.get(reason) ?? []), one]);
  }
  return samples;
}

/** Asking for the language takes longer than reading: so many are asked at most. */
const mostAsked = 4000;
/** So many times as many as are wanted are asked first: most languages that are asked for are not rare. */
const firstAsked = 20;

/** The language of a document that was dropped for it, as cleaning noted it. */
const notedLanguage = ({ reason, detail }: DroppedDocument): string | undefined =>
  languageReasons.some((one) => one === reason) ? detail.split(' ', 1)[0] : undefined;

type Numbered = Drawn & { readonly number: number };

/** The first drawn that are in a language, and how many were asked for it. */
async function inLanguage(
  artifacts: string,
  language: string,
  { documents, count }: { readonly documents: readonly Numbered[]; readonly count: number },
): Promise<{ readonly found: readonly Numbered[]; readonly asked: number }> {
  const identify = await loadIdentifier();
  const found: Numbered[] = [];
  let total = 0;
  for (const asked of [documents.slice(0, firstAsked * count), documents.slice(firstAsked * count)]) {
    if (found.length >= count) break;
    total += asked.length;
    const languages = new Map<string, string>();
    const ids = asked.filter(({ kind }) => kind === 'kept').map(({ id }) => id);
    const columns = { id: 'text', text: 'text' } as const;
    if (ids.length > 0)
      for await (const batch of readDocuments(at(artifacts, 'clean', 'documents.parquet'), { columns, ids }))
        for (const { id, text } of batch) languages.set(id, identify(text).language);
    found.push(
      ...asked.filter((one) => {
        const known = one.kind === 'kept' ? languages.get(one.id) : notedLanguage(one);
        return (known ?? identify(one.kind === 'kept' ? '' : one.excerpt).language) === language;
      }),
    );
  }
  return { found: found.slice(0, count), asked: total };
}

/** Draws documents of a kind; the same seed draws the same ones. Errors: TABLE_CORRUPT. */
export async function sampleDocuments(
  artifacts: string,
  { language, ...selection }: Selection & { /** Two letters, as identified. */ readonly language?: string | undefined },
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Sample> {
  const drawn = await drawDocuments(artifacts, selection, { count: language === undefined ? count : mostAsked, seed });
  const { found, asked } =
    language === undefined
      ? { found: drawn.documents, asked: undefined }
      : await inLanguage(artifacts, language, { ...drawn, count });
  const inOrder = found.toSorted((a, b) => a.number - b.number);
  const dropped = inOrder.filter((one) => one.kind === 'dropped');
  return {
    of: language === undefined ? drawn.of : undefined,
    asked,
    guessed: language === undefined ? 0 : dropped.filter((one) => notedLanguage(one) === undefined).length,
    documents: [
      ...(await showKept(
        artifacts,
        inOrder.filter(({ kind }) => kind === 'kept'),
      )),
      ...(await excerptsOf(artifacts, dropped)),
    ],
  };
}
