import { only, tap } from '@octavo/engine';
import { checkPrompt, compiled, type InterpretedModel, logitsGraph, promptInputs, valuesOf } from './model.js';

// L layers, H query heads, G key and value heads, W head width, T time

/** Where each token looks: `weights` is [L, H, T, T], rows are queries and sum to 1, what lies ahead is 0. */
export interface AttentionMaps {
  readonly layers: number;
  readonly heads: number;
  readonly time: number;
  readonly weights: Float32Array;
}

/** One head's weights [T, T] of such maps. */
export const headOf = ({ heads, time, weights }: AttentionMaps, layer: number, head: number): Float32Array =>
  weights.subarray((layer * heads + head) * time * time, (layer * heads + head + 1) * time * time);

/**
 * Attention weights of every head. The kernel keeps no T×T matrix, so they are made again from what it read and from the
 * normaliser that it found: w = exp(q·k/√W − log Σ exp). Errors: PROMPT_TOO_LONG.
 */
export async function attentionMaps(model: InterpretedModel, ids: readonly number[]): Promise<AttentionMaps> {
  const { config } = model;
  checkPrompt(config, ids);
  const { depth: layers, heads, keyValueHeads, headWidth } = config;
  const time = ids.length;
  const names = valuesOf(config);
  const tapped = Array.from({ length: layers }, (_, layer) => [
    names.queriesKeysValues(layer),
    names.logSum(layer),
  ]).flat();
  const run = compiled(model, only(tap(logitsGraph(config, 1, time), tapped), tapped));
  const found = await run(promptInputs(ids));
  const channels = (heads + 2 * keyValueHeads) * headWidth;
  const scale = 1 / Math.sqrt(headWidth);
  const weights = new Float32Array(layers * heads * time * time);
  for (let layer = 0; layer < layers; layer++) {
    const qkv = found(names.queriesKeysValues(layer));
    const logSum = found(names.logSum(layer));
    for (let head = 0; head < heads; head++) {
      const group = heads + Math.floor((head * keyValueHeads) / heads);
      for (let query = 0; query < time; query++) {
        const q = query * channels + head * headWidth;
        for (let key = 0; key <= query; key++) {
          const k = key * channels + group * headWidth;
          let score = 0;
          for (let i = 0; i < headWidth; i++) score += (qkv[q + i] ?? 0) * (qkv[k + i] ?? 0);
          weights[((layer * heads + head) * time + query) * time + key] = Math.exp(
            score * scale - (logSum[head * time + query] ?? 0),
          );
        }
      }
    }
  }
  return { layers, heads, time, weights };
}
