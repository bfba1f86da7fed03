/**
 * What a crawl did, one line a finished address, appended after its record lies in the WARC file: a crawl that was killed
 * is read back to exactly the state that it had, since a line holds both the answer and the links that it added. An own
 * file rather than the database, for one writer needs no locks, a line is one write, and page and line stay in step.
 */
import { closeSync, createReadStream, fsyncSync, ftruncateSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAll } from '../../core/index.js';
import { byteLines } from '../extract/text-pieces.js';

/** Time that the crawl has taken so far, all its starts together. */
const spentMs = z.number().default(0);

const Target = z.object({
  url: z.string(),
  depth: z.number(),
  kind: z.enum(['page', 'sitemap']),
  redirects: z.number(),
  /** Where a first address led: the scope widens to it. */
  root: z.boolean().optional(),
});
export type Target = z.infer<typeof Target>;

export const outcomes = [
  'page',
  'repeat',
  'noindex',
  'redirect',
  'sitemap',
  'robots',
  'status',
  'not-text',
  'too-large',
  'too-slow',
  'refused',
  'damaged',
  'failed',
] as const;

const Done = z.object({
  kind: z.literal('done'),
  spentMs,
  url: z.string(),
  outcome: z.enum(outcomes),
  detail: z.string().optional(),
  status: z.number().optional(),
  /** When it was fetched, ISO. */
  at: z.string(),
  /** Bytes received. */
  bytes: z.number(),
  /** The record that holds the page: file below the crawl's folder, place and length of the gzip member. */
  file: z.string().optional(),
  offset: z.number().optional(),
  length: z.number().optional(),
  etag: z.string().optional(),
  modified: z.string().optional(),
  canonical: z.string().optional(),
  digest: z.string().optional(),
  /** Addresses that nobody had named before. */
  added: z.array(Target),
  /** All addresses that the page leads to: what a page that did not change leads to still. */
  links: z.array(z.string()).optional(),
});
export type Done = z.infer<typeof Done>;

const Entry = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('robots'), origin: z.string(), answer: z.string(), at: z.string().default(''), spentMs }),
  Done,
  z.object({ kind: z.literal('end'), why: z.string() }),
]);
export type Entry = z.infer<typeof Entry>;

/** Pages of one WARC file; a new one is begun beyond. */
const fileBytes = 1024 ** 3;
const longestLine = 64 * 1024 ** 2;

/** The entries of a log up to the first that is torn, with the place where the log is whole. */
export async function* readLog(
  path: string,
): AsyncGenerator<{ readonly entry: Entry; readonly end: number }, void, undefined> {
  let end = 0;
  const opened = statSync(path, { throwIfNoEntry: false });
  if (opened === undefined) return;
  for await (const line of byteLines(createReadStream(path), longestLine)) {
    if (line.kind === 'too-long') return;
    end += line.bytes.length + 1;
    // The last line has no end: its write was cut.
    if (end > opened.size) return;
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(line.bytes).toString('utf8'));
    } catch {
      return;
    }
    const entry = Entry.safeParse(value);
    if (!entry.success) return;
    yield { entry: entry.data, end };
  }
}

export interface CrawlLog {
  readonly append: (entry: Entry) => void;
  /** Writes records one after another; says where the last lies. */
  readonly keep: (members: readonly Uint8Array[]) => {
    readonly file: string;
    readonly offset: number;
    readonly length: number;
  };
  readonly close: () => void;
}

const warcName = (number: number): string => `pages-${String(number).padStart(5, '0')}.warc.gz`;

/** Reads a generation's log back, cuts off what was torn, and opens it to be gone on with. */
export async function openCrawlLog(
  folder: string,
  generation: string,
  { replay, header }: { readonly replay: (entry: Entry) => void; readonly header: () => Uint8Array },
): Promise<CrawlLog> {
  const base = join(folder, generation);
  mkdirSync(base, { recursive: true });
  const logPath = join(base, 'log.jsonl');
  let wholeLog = 0;
  let fileNumber = 0;
  let wholeWarc = 0;
  const sizes = new Map<string, number>();
  const sizeOf = (file: string): number => {
    const known = sizes.get(file) ?? statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0;
    sizes.set(file, known);
    return known;
  };
  for await (const { entry, end } of readLog(logPath)) {
    if (entry.kind === 'done' && entry.file !== undefined) {
      const recordEnd = (entry.offset ?? 0) + (entry.length ?? 0);
      // After a power loss a line may have outlived its page.
      if (recordEnd > sizeOf(entry.file)) break;
      const [, ownFile] = entry.file.split(`${generation}/pages-`);
      if (ownFile !== undefined) {
        fileNumber = Number.parseInt(ownFile, 10);
        wholeWarc = recordEnd;
      }
    }
    replay(entry);
    wholeLog = end;
  }
  const log = openSync(logPath, 'a');
  ftruncateSync(log, wholeLog);
  let warc = openSync(join(base, warcName(fileNumber)), 'a');
  ftruncateSync(warc, wholeWarc);
  let at = wholeWarc;
  let sinceSync = 0;
  const write = (member: Uint8Array) => {
    writeAll(warc, member);
    at += member.length;
  };
  const sync = () => {
    fsyncSync(warc);
    fsyncSync(log);
    sinceSync = 0;
  };
  return {
    append: (entry) => {
      writeAll(log, Buffer.from(`${JSON.stringify(entry)}\n`));
      if (++sinceSync >= 256) sync();
    },
    keep: (members) => {
      if (at > fileBytes) {
        sync();
        closeSync(warc);
        fileNumber++;
        warc = openSync(join(base, warcName(fileNumber)), 'a');
        // What a killed crawl left there has no line in the log.
        ftruncateSync(warc);
        at = 0;
      }
      if (at === 0) write(header());
      let offset = at;
      let length = 0;
      for (const member of members) {
        offset = at;
        length = member.length;
        write(member);
      }
      return { file: `${generation}/${warcName(fileNumber)}`, offset, length };
    },
    close: () => {
      sync();
      closeSync(warc);
      closeSync(log);
    },
  };
}
