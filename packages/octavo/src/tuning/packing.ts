import { type Batch, type BatchAt, permutation } from '../training/index.js';

// B sequences a batch, T tokens of each
/** A conversation as tokens; `mask` is true on what the assistant says. */
export interface Example {
  readonly ids: readonly number[];
  readonly mask: readonly boolean[];
}

/** Examples of one row, by number, which fit into its T tokens together. */
type Row = readonly number[];

/** Fills rows with whole examples in the given order; an example longer than a row has no place. */
export function packRows(lengths: readonly number[], order: ArrayLike<number>, rowTokens: number): readonly Row[] {
  const rows: Row[] = [];
  let row: number[] = [];
  let used = 0;
  for (let i = 0; i < order.length; i++) {
    const example = order[i] ?? 0;
    const length = lengths[example] ?? 0;
    if (length > rowTokens) continue;
    if (used + length > rowTokens) {
      rows.push(row);
      row = [];
      used = 0;
    }
    row.push(example);
    used += length;
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

export interface ChatBatches {
  readonly examples: readonly Example[];
  /** Pretraining tokens that are mixed in. */
  readonly prose: ArrayLike<number>;
  readonly proseShare: number;
  readonly sequences: number;
  readonly length: number;
  readonly seed: number;
}

/**
 * Batches of packed conversations and windows of prose. Packed examples do not see each other (`starts`, positions from 0
 * in each). The loss is (1 − proseShare) · mean over the assistant's tokens + proseShare · mean over the prose's.
 */
export function chatBatches(the: ChatBatches): BatchAt {
  const { examples, prose, proseShare, sequences, length, seed } = the;
  const lengths = examples.map(({ ids }) => ids.length - 1);
  const proseRows = proseShare > 0 && prose.length > length ? Math.max(1, Math.round(sequences * proseShare)) : 0;
  const chatRows = sequences - proseRows;
  const epochs: (readonly Row[])[] = [];
  const rowAt = (index: number): Row => {
    let left = index;
    for (let epoch = 0; ; epoch++) {
      const rows = epochs[epoch] ?? packRows(lengths, permutation(examples.length, seed, epoch), length);
      epochs[epoch] = rows;
      if (rows.length === 0) return [];
      if (left < rows.length) return rows[left] ?? [];
      left -= rows.length;
    }
  };
  const windows = Math.max(1, Math.floor((prose.length - 1) / length));
  const proseOrder = permutation(windows, seed, 0x70726f73);

  return (step): Batch => {
    const tokens = new Int32Array(sequences * length);
    const targets = new Int32Array(sequences * length);
    const weights = new Float32Array(sequences * length);
    const starts = new Int32Array(sequences * length);
    const positions = new Int32Array(sequences * length);
    let spoken = 0;
    for (let r = 0; r < chatRows; r++) {
      let at = 0;
      for (const number of rowAt(step * chatRows + r)) {
        const example = examples[number];
        if (example === undefined) continue;
        const from = at;
        for (let i = 0; i + 1 < example.ids.length; i++, at++) {
          const cell = r * length + at;
          tokens[cell] = example.ids[i] ?? 0;
          targets[cell] = example.ids[i + 1] ?? 0;
          weights[cell] = example.mask[i + 1] === true ? 1 : 0;
          spoken += weights[cell] ?? 0;
          starts[cell] = from;
          positions[cell] = at - from;
        }
      }
      // What is left of a row is its own document of one token each: seen by nothing, learned from by nobody.
      for (; at < length; at++) starts[r * length + at] = at;
    }
    const chatWeight = proseRows > 0 ? 1 - proseShare : 1;
    for (let cell = 0; cell < chatRows * length; cell++)
      weights[cell] = ((weights[cell] ?? 0) * chatWeight) / Math.max(1, spoken);
    for (let r = 0; r < proseRows; r++) {
      const from = (proseOrder[(step * proseRows + r) % windows] ?? 0) * length;
      for (let i = 0; i < length; i++) {
        const cell = (chatRows + r) * length + i;
        tokens[cell] = prose[from + i] ?? 0;
        targets[cell] = prose[from + i + 1] ?? 0;
        weights[cell] = proseShare / (proseRows * length);
        positions[cell] = i;
      }
    }
    return { tokens, targets, weights, starts, positions };
  };
}
