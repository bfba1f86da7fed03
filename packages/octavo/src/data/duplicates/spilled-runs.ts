import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';

/** Lists of numbers that are written to a file one after another and read back by their number: memory holds places only. */
export interface SpilledRuns {
  readonly push: (runs: Int32Array) => void;
  readonly at: (index: number) => Int32Array;
  readonly count: () => number;
  /** Deletes the file. */
  readonly close: () => void;
}

const blockBytes = 1 << 20;

export function spilledRuns(path: string): SpilledRuns {
  const file = openSync(path, 'w+');
  /** What is not in the file yet. */
  let block = Buffer.alloc(blockBytes);
  let used = 0;
  let written = 0;
  let count = 0;
  let starts = new Float64Array(1024);
  const flush = () => {
    for (let from = 0; from < used; ) from += writeSync(file, block, from, used - from, written + from);
    written += used;
    used = 0;
  };
  return {
    push: (runs) => {
      const bytes = Buffer.from(runs.buffer, runs.byteOffset, runs.byteLength);
      if (used + bytes.length > block.length) {
        flush();
        if (bytes.length > block.length) block = Buffer.alloc(bytes.length);
      }
      bytes.copy(block, used);
      used += bytes.length;
      if (count + 1 >= starts.length) {
        const more = new Float64Array(2 * starts.length);
        more.set(starts);
        starts = more;
      }
      starts[++count] = written + used;
    },
    at: (index) => {
      const from = starts[index] ?? 0;
      const bytes = (starts[index + 1] ?? from) - from;
      const runs = new Int32Array(bytes / 4);
      const into = Buffer.from(runs.buffer);
      if (from >= written) block.copy(into, 0, from - written, from - written + bytes);
      else for (let at = 0; at < bytes; ) at += readSync(file, into, at, bytes - at, from + at);
      return runs;
    },
    count: () => count,
    close: () => {
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}
