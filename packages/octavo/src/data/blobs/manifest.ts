/** What `octavo data push` keeps of a run: its files by path, length and SHA-256, in `<run>/manifest.json` beside them. */
import { z } from 'zod';
import { fail } from '../../core/index.js';
import type { BlobStore } from './blobs.js';

/** Steps whose artifacts are kept, in the order of a run. */
export const keptSteps = ['collect', 'clean', 'split', 'tokenizer', 'tokenize'] as const;

const deviceName = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;
const begins = new RegExp(`^(artifacts/(${keptSteps.join('|')})/.|steps/(${keptSteps.join('|')})\\.json$|crawl/.)`);

/** Whether a manifest may make us write to this path: plain names below the folders of a run. */
export const isKeptPath = (path: string): boolean =>
  begins.test(path) &&
  path.length <= 1000 &&
  path
    .split('/')
    .every(
      (part) => /^[\w@+][\w@+.=-]*$/.test(part) && !part.endsWith('.') && part.length <= 255 && !deviceName.test(part),
    );

const KeptFile = z.strictObject({
  path: z.string().refine(isKeptPath),
  bytes: z.number().int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const Manifest = z.strictObject({
  version: z.literal(1),
  /** False while a push is under way or broke off: what is listed is whole, but not all is there. */
  complete: z.boolean(),
  files: z
    .array(KeptFile)
    .max(1_000_000)
    .refine((files) => new Set(files.map(({ path }) => path.toLowerCase())).size === files.length),
});

export type KeptFile = Readonly<z.infer<typeof KeptFile>>;
export type Manifest = Readonly<z.infer<typeof Manifest>>;

const manifestBytes = 256 * 1024 * 1024;
const pathOf = (run: string): string => `${run}/manifest.json`;

/** Errors: FILE_INVALID, and those of the store. */
export async function readManifest(store: BlobStore, run: string): Promise<Manifest | undefined> {
  const blob = await store.stat(pathOf(run));
  if (blob === undefined) return undefined;
  const wrong = (cause?: unknown) =>
    fail('FILE_INVALID', {
      what: 'this is no manifest of data that octavo can read',
      where: `${store.url}/${pathOf(run)}`,
      remedy: 'push the run again, or name another with --run',
      cause,
    });
  if (blob.bytes > manifestBytes) throw wrong();
  const parts: Uint8Array[] = [];
  for await (const part of store.read(blob)) parts.push(part);
  try {
    return Manifest.parse(JSON.parse(Buffer.concat(parts).toString('utf8')));
  } catch (cause) {
    throw wrong(cause);
  }
}

export const writeManifest = (store: BlobStore, run: string, manifest: Manifest): Promise<void> =>
  store.write(
    pathOf(run),
    (async function* () {
      yield Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`);
    })(),
  );
