import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { philox } from '@octavo/engine';
import { z } from 'zod';
import { fail } from '../core/index.js';

/** Numbers for one forward pass, by the names of the graph's inputs. */
export interface Batch {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float32Array;
  readonly starts?: Int32Array;
}

/** The batch of a step; the same for the same number, whatever was asked before. */
export type BatchAt = (step: number) => Batch;

/** A permutation of 0 … count − 1 that depends on seed and epoch alone (Fisher–Yates over Philox words). */
export function permutation(count: number, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const [word] = philox([i, epoch, 0, 0], [seed, 0x6f726465]);
    const j = Math.floor((word / 2 ** 32) * (i + 1));
    const kept = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = kept;
  }
  return order;
}

export const positionsOf = (sequences: number, length: number): Int32Array =>
  Int32Array.from({ length: sequences * length }, (_, i) => i % length);

/**
 * Batches of windows of a token stream: every epoch cuts the stream at another offset and walks its windows in another
 * order, unless the text is to be read as it stands. `weights` are 1 / (tokens of the batch), so the loss is a mean.
 * Errors: TOO_FEW_TOKENS where the stream is shorter than a window.
 */
export function windowBatches(
  stream: ArrayLike<number>,
  the: {
    readonly sequences: number;
    readonly length: number;
    readonly seed: number;
    readonly microBatches: number;
    /** A curriculum: windows come as they stand in the stream. */
    readonly inOrder?: boolean;
  },
): BatchAt {
  const { sequences, length, seed } = the;
  const windows = Math.floor((stream.length - length) / length);
  if (windows < 1)
    throw fail('TOO_FEW_TOKENS', {
      what: `${stream.length} training tokens do not fill one window of ${length + 1} tokens`,
      where: 'pretrain',
      remedy: 'add text, or make model.contextLength smaller',
    });
  const positions = positionsOf(sequences, length);
  const weights = new Float32Array(sequences * length).fill(1 / (sequences * length * the.microBatches));
  let epoch = -1;
  let order: Uint32Array = new Uint32Array();
  let offset = 0;
  return (step) => {
    const tokens = new Int32Array(sequences * length);
    const targets = new Int32Array(sequences * length);
    for (let s = 0; s < sequences; s++) {
      const index = step * sequences + s;
      const now = Math.floor(index / windows);
      if (now !== epoch) {
        epoch = now;
        order =
          the.inOrder === true ? Uint32Array.from({ length: windows }, (_, i) => i) : permutation(windows, seed, epoch);
        offset = Math.floor(((philox([0, epoch, 1, 0], [seed, 0x6f726465])[0] ?? 0) / 2 ** 32) * length);
      }
      const from = offset + (order[index % windows] ?? 0) * length;
      for (let t = 0; t < length; t++) {
        tokens[s * length + t] = stream[from + t] ?? 0;
        targets[s * length + t] = stream[from + t + 1] ?? 0;
      }
    }
    return { tokens, targets, positions, weights };
  };
}

const SplitOrder = z.object({ order: z.string().default('shuffled') });

/** Whether the split step ordered the text by a curriculum, which another shuffling would undo. Errors: FILE_UNREADABLE, FILE_INVALID. */
export function isCurriculum(splitFolder: string): boolean {
  const path = join(splitFolder, 'summary.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const remedy = 'run `octavo run --until split`';
    throw fail('FILE_UNREADABLE', { what: 'the summary of the split cannot be read', where: path, remedy, cause });
  }
  try {
    return SplitOrder.parse(JSON.parse(text)).order !== 'shuffled';
  } catch (cause) {
    const remedy = 'delete the folder it lies in and run again: the step is redone';
    throw fail('FILE_INVALID', { what: 'is not the summary that the step writes', where: path, remedy, cause });
  }
}
