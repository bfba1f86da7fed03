/** What the sources of dump files have in common: `prefix:PATTERN` names files of this machine, read row by row. */
import { posix } from 'node:path';
import { hashFile } from '../../project/index.js';
import type { Collected, DroppedDocument } from '../document.js';
import { decompress } from '../extract/decompress.js';
import { byteLines } from '../extract/text-pieces.js';
import { untilRefused } from '../extract/until-refused.js';
import { splitGlob } from '../glob.js';
import { limits } from '../limits.js';
import type { Source, SourceKind } from './kind.js';
import { fileBytes, listFiles } from './list-files.js';

export interface DumpPlace<Kind extends string> {
  readonly kind: Kind;
  readonly base: string;
  readonly pattern: string;
}

export interface DumpFile {
  readonly source: Source;
  /** Decompressed, gzip or zstd. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** `<source>/<file>`: what ids begin with. */
  readonly id: string;
  readonly where: string;
  /** Counts what is passed over, by reason. */
  readonly count: (reason: string) => void;
}

/** A kind whose `documents` come out of files, one after another. */
export function dumpKind<Kind extends string>(
  kind: Kind,
  options: {
    /** The bytes are given as they lie on the disk. */
    readonly packed?: boolean;
    readonly documents: (file: DumpFile) => AsyncGenerator<Collected, void, undefined>;
  },
): SourceKind<DumpPlace<Kind>> {
  const asFiles = ({ base, pattern }: DumpPlace<Kind>) => ({ kind: 'files', base, pattern }) as const;
  return {
    parse: (from) =>
      from.startsWith(`${kind}:`) ? { kind, ...splitGlob(posix.normalize(from.slice(kind.length + 1))) } : undefined,
    describe: ({ base }) => ({
      name: `${kind}-${posix.basename(base).replaceAll(/[^\w.-]/g, '-')}`.replace(/-\.?$/, ''),
    }),
    inputs: async (source, place, projectFolder) => {
      const inputs: [string, string][] = [];
      for (const file of await listFiles(source, asFiles(place), projectFolder))
        inputs.push([`${source.name}/${file.place}`, await hashFile(file.path)]);
      return inputs;
    },
    open: async (source, place, { projectFolder }) => {
      const list = await listFiles(source, asFiles(place), projectFolder);
      const counts: Record<string, number> = {};
      return {
        from: `${kind}:${[place.base, place.pattern].filter((part) => part !== '').join('/')}`,
        bytes: list.reduce((sum, { bytes }) => sum + bytes, 0),
        counts: () => counts,
        documents: async function* (read) {
          for (const { path, place: inside } of list) {
            const raw = fileBytes(path, read);
            const name = inside.replace(/\.(gz|zst|bz2)$/i, '').replace(/\.(warc|xml|jsonl|ndjson|json)$/i, '');
            const id = `${source.name}${name === '' ? '' : `/${name}`}`.replaceAll('#', '%23');
            const found = options.documents({
              source,
              bytes: options.packed === true ? raw : decompress(raw, path),
              id,
              where: path,
              count: (reason) => {
                counts[reason] = (counts[reason] ?? 0) + 1;
              },
            });
            yield* untilRefused(found, { id, source: source.name, where: path });
          }
        },
      };
    },
  };
}

export type JsonRow =
  | { readonly kind: 'row'; readonly row: ReadonlyMap<string, unknown>; readonly number: number }
  | { readonly kind: 'rejected'; readonly dropped: DroppedDocument };

const mapOf = (value: unknown): ReadonlyMap<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : undefined;

/** The objects of a file of one JSON object a line; an array with its items on lines of their own is taken too. */
export async function* jsonRows({ source, bytes, id }: DumpFile): AsyncGenerator<JsonRow, void, undefined> {
  let number = 0;
  for await (const line of byteLines(bytes, limits.lineBytes)) {
    number++;
    const raw = line.kind === 'line' ? Buffer.from(line.bytes).toString('utf8') : '';
    const text = raw
      .trim()
      .replace(/^\uFEFF/, '')
      .replace(/,$/, '');
    if (line.kind === 'line' && (text === '' || text === '[' || text === ']')) continue;
    const reject = (reason: DroppedDocument['reason'], detail: string): JsonRow => ({
      kind: 'rejected',
      dropped: {
        id: `${id}:${number}`,
        source: source.name,
        reason,
        detail,
        excerpt: text.slice(0, limits.excerptCharacters),
      },
    });
    if (line.kind === 'too-long') {
      yield reject('line-too-long', `more than ${limits.lineBytes} bytes`);
      continue;
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      yield reject('invalid-json', error instanceof Error ? error.message.slice(0, 120) : 'not JSON');
      continue;
    }
    const row = mapOf(value);
    if (row === undefined) yield reject('no-text', 'the row is no object');
    else yield { kind: 'row', row, number };
  }
}

export const textField = (row: ReadonlyMap<string, unknown>, name: string): string => {
  const value = row.get(name);
  return typeof value === 'string' ? value : '';
};

/** Seconds since the epoch, as number or text, as ISO. */
export function timeField(row: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = row.get(name);
  const seconds = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || Math.abs(seconds) > 8e12) return undefined;
  return new Date(seconds * 1000).toISOString();
}
