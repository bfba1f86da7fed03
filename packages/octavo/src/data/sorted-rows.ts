import { closeSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { invariant, notWritten, writeAll } from '../core/index.js';

export interface SortedRows<R> extends Disposable {
  readonly add: (key: string, row: R) => void;
  /** All by their keys, equal ones in the order they came. */
  readonly rows: () => Generator<R, void, undefined>;
}

/** A row as it lies in a file: the lengths of key and row, the key, the row. */
interface Entry {
  readonly key: string;
  readonly bytes: Buffer;
}

const headBytes = 8;
const [writtenAtOnce, readAtOnce] = [2 ** 20, 2 ** 18];

function entryOf(key: string, row: unknown): Entry {
  const [name, body] = [Buffer.from(key, 'utf16le'), serialize(row)];
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(name.length, 0);
  head.writeUInt32LE(body.length, 4);
  return { key, bytes: Buffer.concat([head, name, body]) };
}

const bodyOf = (bytes: Buffer): Buffer => bytes.subarray(headBytes + bytes.readUInt32LE(0));

/** Each is good until the next is asked for. */
function* entriesOf(path: string): Generator<Entry, void, undefined> {
  const file = openSync(path, 'r');
  try {
    let block = Buffer.allocUnsafe(readAtOnce);
    let [from, to] = [0, 0];
    /** Whether so many bytes are there, from `from` on. */
    const reach = (bytes: number): boolean => {
      if (to - from >= bytes) return true;
      const next = bytes > block.length ? Buffer.allocUnsafe(bytes) : block;
      block.copy(next, 0, from, to);
      [block, from, to] = [next, 0, to - from];
      for (let read = -1; read !== 0 && to < block.length; to += read)
        read = readSync(file, block, to, block.length - to, null);
      return to >= bytes;
    };
    while (reach(headBytes)) {
      const length = headBytes + block.readUInt32LE(from) + block.readUInt32LE(from + 4);
      invariant(reach(length), `${path} is whole`);
      const bytes = block.subarray(from, from + length);
      yield { key: bytes.toString('utf16le', headBytes, headBytes + bytes.readUInt32LE(0)), bytes };
      from += length;
    }
  } finally {
    closeSync(file);
  }
}

function writeEntries(path: string, entries: Iterable<Entry>): void {
  const file = openSync(path, 'w');
  const block = Buffer.allocUnsafe(writtenAtOnce);
  let used = 0;
  const put = (bytes: Buffer): void => {
    try {
      writeAll(file, bytes);
    } catch (cause) {
      throw notWritten(path, cause);
    }
  };
  try {
    for (const { bytes } of entries) {
      if (used + bytes.length > block.length) {
        put(block.subarray(0, used));
        used = 0;
      }
      if (bytes.length > block.length) put(bytes);
      else used += bytes.copy(block, used);
    }
    put(block.subarray(0, used));
  } finally {
    closeSync(file);
  }
}

/** Sorted entries of several sources that are sorted themselves; of equal ones those of an earlier source first. */
function* merged(sources: readonly Iterator<Entry, void>[]): Generator<Entry, void, undefined> {
  const heads: { readonly source: number; readonly entry: Entry }[] = [];
  const take = (source: number): void => {
    const next = sources[source]?.next();
    if (next === undefined || next.done === true) return;
    const { key } = next.value;
    let [low, high] = [0, heads.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = heads[middle];
      if (other === undefined || other.entry.key > key || (other.entry.key === key && other.source > source))
        high = middle;
      else low = middle + 1;
    }
    heads.splice(low, 0, { source, entry: next.value });
  };
  try {
    for (let source = 0; source < sources.length; source++) take(source);
    for (let first = heads.shift(); first !== undefined; first = heads.shift()) {
      yield first.entry;
      take(first.source);
    }
  } finally {
    for (const source of sources) source.return?.();
  }
}

/**
 * Sorts more rows than memory holds: by runs that are sorted in memory and written below `folder`, then merged. As many
 * `runs` as are merged at once become one of the next level, so memory is the same for any number of rows.
 */
export function sortedRows<R>(folder: string, { runBytes = 2 ** 25, runs = 128 } = {}): SortedRows<R> {
  let entries: Entry[] = [];
  let bytes = 0;
  let files = 0;
  /** Files, by level; those of higher levels, and earlier ones of a level, came first. */
  const levels: string[][] = [];
  const sorted = (): readonly Entry[] => entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const write = (level: number, run: Iterable<Entry>): void => {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${files++}`);
    writeEntries(path, run);
    const peers = [...(levels[level] ?? []), path];
    levels[level] = peers;
    if (peers.length < runs) return;
    levels[level] = [];
    write(level + 1, merged(peers.map(entriesOf)));
    for (const peer of peers) rmSync(peer);
  };
  return {
    add: (key, row) => {
      const entry = entryOf(key, row);
      if (bytes > 0 && bytes + entry.bytes.length > runBytes) {
        write(0, sorted());
        [entries, bytes] = [[], 0];
      }
      entries.push(entry);
      bytes += entry.bytes.length;
    },
    rows: function* () {
      const sources = [...levels.toReversed().flat().map(entriesOf), sorted()[Symbol.iterator]()];
      // What `serialize` was given in `add`.
      for (const entry of merged(sources)) yield deserialize(bodyOf(entry.bytes)) as R;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
