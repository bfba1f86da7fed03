/** One shard's results in one file: a line of JSON on each document, the texts, the runs of fingerprints, a SHA-256. */
import { z } from 'zod';
import { dropReasons } from '../document.js';
import type { Fingerprint } from '../duplicates/near-duplicates.js';
import { readSealed, writeSealed } from './sealed-file.js';

const count = z.number().int().min(0);
const Entry = z.union([
  z.object({ reason: z.enum(dropReasons), detail: z.string(), excerpt: z.string() }),
  z.object({
    changes: z.record(z.string(), count),
    digest: z.string(),
    keys: z.array(z.number().int()),
    bytes: count,
    runs: count,
  }),
]);

/** What was decided about a document by itself. */
export type Cleaned =
  | ({ readonly kind: 'dropped' } & Extract<z.infer<typeof Entry>, { reason: unknown }>)
  | {
      readonly kind: 'kept';
      readonly text: string;
      readonly changes: Readonly<Record<string, number>>;
      /** SHA-256 of the text. */
      readonly digest: Uint8Array;
      readonly print: Fingerprint;
    };

/** Written whole and renamed into place, so that two who did the same work do no harm. Errors: FILE_NOT_WRITTEN. */
export function writeShard(path: string, documents: readonly Cleaned[]): void {
  const texts: Buffer[] = [];
  const runs: Buffer[] = [];
  const entries = documents.map((document): z.infer<typeof Entry> => {
    if (document.kind === 'dropped') {
      const { reason, detail, excerpt } = document;
      return { reason, detail, excerpt };
    }
    const { text, changes, digest, print } = document;
    const utf8 = Buffer.from(text);
    texts.push(utf8);
    runs.push(Buffer.from(print.runs.buffer, print.runs.byteOffset, print.runs.byteLength));
    return {
      changes,
      digest: Buffer.from(digest).toString('hex'),
      keys: [...print.keys],
      bytes: utf8.length,
      runs: print.runs.length,
    };
  });
  const head = Buffer.from(`${JSON.stringify(entries)}\n`);
  writeSealed(path, head, ...texts, ...runs);
}

/** The documents of a shard in order; undefined where there is none, or not as it was written. */
export async function readShard(path: string): Promise<readonly Cleaned[] | undefined> {
  const body = await readSealed(path);
  if (body === undefined) return undefined;
  const headEnd = body.indexOf('\n');
  const entries = z.array(Entry).parse(JSON.parse(body.toString('utf8', 0, headEnd)));
  let text = headEnd + 1;
  let run = text + entries.reduce((sum, entry) => sum + ('bytes' in entry ? entry.bytes : 0), 0);
  return entries.map((entry): Cleaned => {
    if ('reason' in entry) return { kind: 'dropped', ...entry };
    const runs = new Int32Array(entry.runs);
    body.copy(Buffer.from(runs.buffer), 0, run, run + runs.byteLength);
    run += runs.byteLength;
    const from = text;
    text += entry.bytes;
    return {
      kind: 'kept',
      text: body.toString('utf8', from, text),
      changes: entry.changes,
      digest: Buffer.from(entry.digest, 'hex'),
      print: { keys: entry.keys, runs },
    };
  });
}
