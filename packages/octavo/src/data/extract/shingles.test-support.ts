import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Words of a text, as the article extraction benchmark of Scrapinghub counts them, in runs of four. */
function shingles(text: string): ReadonlyMap<string, number> {
  const words = text.match(/[\p{L}\p{N}_]+/gu) ?? [];
  const counts = new Map<string, number>();
  for (let at = 0; at < Math.max(Math.min(1, words.length), words.length - 3); at++) {
    const run = words.slice(at, at + 4).join(' ');
    counts.set(run, (counts.get(run) ?? 0) + 1);
  }
  return counts;
}

export interface PageScore {
  readonly both: number;
  readonly found: number;
  readonly wanted: number;
}

export function scorePage(wanted: string, found: string): PageScore {
  const wantedRuns = shingles(wanted);
  const foundRuns = shingles(found);
  const total = (runs: ReadonlyMap<string, number>) => [...runs.values()].reduce((sum, count) => sum + count, 0);
  let both = 0;
  for (const [run, count] of wantedRuns) both += Math.min(count, foundRuns.get(run) ?? 0);
  return { both, found: total(foundRuns), wanted: total(wantedRuns) };
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Precision and recall averaged over pages, and F1 of the two averages, which is the benchmark's protocol. */
export function scorePages(scores: readonly PageScore[]): Record<'precision' | 'recall' | 'f1', number> {
  const precision = mean(scores.filter(({ found }) => found > 0).map(({ both, found }) => both / found));
  const recall = mean(scores.filter(({ wanted }) => wanted > 0).map(({ both, wanted }) => both / wanted));
  return { precision, recall, f1: (2 * precision * recall) / (precision + recall || 1) };
}

export interface GoldPage {
  readonly id: string;
  readonly body: string;
  readonly html: string;
}

/** The labelled pages in a folder of gold data, or undefined where it is not there. */
export function goldPages(folder: string | undefined): readonly GoldPage[] | undefined {
  if (folder === undefined) return undefined;
  const base = join(folder, 'article-extraction');
  if (!existsSync(base)) return undefined;
  const truth: unknown = JSON.parse(readFileSync(join(base, 'ground-truth.json'), 'utf8'));
  if (typeof truth !== 'object' || truth === null) return undefined;
  return Object.entries(truth).map(([id, page]) => ({
    id,
    body: String(page.articleBody),
    html: gunzipSync(readFileSync(join(base, 'html', `${id}.html.gz`))).toString(),
  }));
}
