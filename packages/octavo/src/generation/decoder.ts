import type { Backend, DeviceBuffer, DType, Executable, Precision } from '@octavo/engine';
import { invariant } from '../core/index.js';
import type { GptConfig } from '../models/index.js';
import { decodingGraph } from './decoding-graph.js';

// S sequences in one call, T new tokens of each, C slots
/** A model's weights in a backend's memory, by parameter path. */
export interface LoadedModel {
  readonly backend: Backend;
  readonly precision: Precision;
  readonly config: GptConfig;
  readonly parameters: ReadonlyMap<string, DeviceBuffer>;
}

/** New tokens of one sequence: they take the positions from `start` on, in the cache row `slot`. */
export interface NewTokens {
  readonly slot: number;
  readonly start: number;
  readonly ids: ArrayLike<number>;
}

/** Forward passes over a key-value cache of fixed slots. */
export interface Decoder {
  readonly slots: number;
  readonly contextLength: number;
  /** Logits after the last token of each entry, [entries][V]. Entries hold one token each, or there is one entry. */
  readonly forward: (entries: readonly NewTokens[]) => Promise<readonly Float32Array[]>;
}

const promptBuckets = [16, 64, 256];

/** The policy of shapes: the smallest bucket that holds the length; long prompts go in pieces of the largest. */
export const bucketOf = (length: number, buckets: readonly number[]): number =>
  buckets.find((size) => size >= length) ?? buckets[buckets.length - 1] ?? length;

const powersOfTwo = (most: number): readonly number[] => {
  const sizes: number[] = [];
  for (let size = 1; size < most; size *= 2) sizes.push(size);
  return [...sizes, most];
};

/** Allocates the cache; graphs are compiled at their first use, one a bucket. */
export function createDecoder(model: LoadedModel, slots: number): Decoder {
  const { backend, precision, config } = model;
  const { contextLength, keyValueHeads, headWidth, depth, vocabularySize } = config;
  const dtype: DType = precision === 'float32' ? 'float32' : precision;
  const cacheType = { dtype, shape: [slots, contextLength, keyValueHeads * headWidth] } as const;
  const caches: Record<string, DeviceBuffer> = {};
  for (let layer = 0; layer < depth; layer++)
    for (const name of ['keys', 'values']) caches[`${name}:${layer}`] = backend.allocate(cacheType);
  const compiled = new Map<string, Executable>();

  const compile = (sequences: number, time: number): Executable => {
    const key = `${sequences} ${time}`;
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const graph = decodingGraph({
      config,
      sequences,
      time,
      slots,
      cacheDtype: dtype,
      types: new Map([...model.parameters].map(([path, { type }]) => [path, type])),
    });
    const executable = backend.compile(graph, { precision });
    compiled.set(key, executable);
    return executable;
  };

  const bound = {
    ...caches,
    ...Object.fromEntries([...model.parameters].map(([path, buffer]) => [`parameter:${path}`, buffer])),
  };

  const run = async (
    entries: readonly NewTokens[],
    sequences: number,
    time: number,
  ): Promise<readonly Float32Array[]> => {
    const tokens = new Int32Array(sequences * time);
    const positions = new Int32Array(sequences * time);
    const slotOf = new Int32Array(sequences).fill(-1);
    const starts = new Int32Array(sequences);
    const last = Int32Array.from({ length: sequences }, (_, s) => s * time);
    entries.forEach(({ slot, start, ids }, s) => {
      slotOf[s] = slot;
      starts[s] = start;
      last[s] = s * time + ids.length - 1;
      for (let i = 0; i < time; i++) {
        tokens[s * time + i] = ids[i] ?? 0;
        positions[s * time + i] = Math.min(start + i, contextLength - 1);
      }
    });
    const { logits } = await backend.run(compile(sequences, time), {
      ...bound,
      tokens,
      positions,
      slots: slotOf,
      starts,
      last,
    });
    // Views, not copies: the run made this array for us.
    const floats = logits instanceof Float32Array ? logits : Float32Array.from(logits ?? []);
    return entries.map((_, s) => floats.subarray(s * vocabularySize, (s + 1) * vocabularySize));
  };

  return {
    slots,
    contextLength,
    forward: async (entries) => {
      const [first] = entries;
      if (first === undefined) return [];
      if (entries.every(({ ids }) => ids.length === 1))
        return run(entries, bucketOf(entries.length, powersOfTwo(slots)), 1);
      invariant(entries.length === 1, 'a prompt is read alone');
      let result: readonly Float32Array[] = [];
      const ids = Array.from(first.ids);
      for (let from = 0; from < ids.length; ) {
        const time = bucketOf(ids.length - from, promptBuckets);
        const piece = ids.slice(from, from + time);
        result = await run([{ slot: first.slot, start: first.start + from, ids: piece }], 1, time);
        from += piece.length;
      }
      return result;
    },
  };
}
