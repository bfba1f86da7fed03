import { type DType, type Graph, input, type TensorType, trace } from '@octavo/engine';
import { invariant } from '../core/index.js';
import { type GptConfig, gptCached } from '../models/index.js';

/** What fixes the graph of new tokens over a cache. */
export interface DecodingShape {
  readonly config: GptConfig;
  /** Sequences in one call, and new tokens of each. */
  readonly sequences: number;
  readonly time: number;
  /** Rows of the cache. */
  readonly slots: number;
  readonly cacheDtype: DType;
  /** Parameters by path, as they are stored. */
  readonly types: ReadonlyMap<string, TensorType>;
}

/** New tokens of sequences that live in a cache → output `logits` after the token at `last` of each; the caches are updated. */
export const decodingGraph = ({ config, sequences, time, slots, cacheDtype, types }: DecodingShape): Graph =>
  trace((t) => {
    const ids = (name: string, shape: readonly number[]) => input(t, name, { dtype: 'int32', shape });
    const parameters = new Map([...types].map(([path, type]) => [path, input(t, `parameter:${path}`, type)]));
    const cache = {
      dtype: cacheDtype,
      shape: [slots, config.contextLength, config.keyValueHeads * config.headWidth],
    };
    const layers = Array.from({ length: config.depth }, (_, layer) => ({
      keys: input(t, `keys:${layer}`, cache),
      values: input(t, `values:${layer}`, cache),
    }));
    const inputs = {
      tokens: ids('tokens', [sequences, time]),
      positions: ids('positions', [sequences, time]),
      slots: ids('slots', [sequences]),
      starts: ids('starts', [sequences]),
      last: ids('last', [sequences]),
    };
    const after = gptCached(config, parameters, { ...inputs, caches: layers });
    return {
      outputs: { logits: after.logits },
      updates: layers.flatMap(({ keys, values }, layer) => {
        const changed = after.caches[layer];
        invariant(changed !== undefined, 'each layer has a cache');
        return [
          [keys, changed.keys],
          [values, changed.values],
        ] as const;
      }),
    };
  });
