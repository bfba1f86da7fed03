import type { LoadedModel } from '../generation/index.js';
import { createDecoder } from '../generation/index.js';

/** What a model says after a prompt: the logits of the next token, and the likeliest continuation. */
export interface Continuation {
  readonly ids: readonly number[];
  readonly logits: Float32Array;
  readonly greedyIds: readonly number[];
}

/** Index of the greatest value, the first of equals. */
export function likeliest(logits: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if ((logits[i] ?? 0) > (logits[best] ?? 0)) best = i;
  return best;
}

/** Continues prompts one after the other, greedily, `newTokens` each. */
export async function continuations(
  model: LoadedModel,
  prompts: readonly (readonly number[])[],
  newTokens: number,
): Promise<readonly Continuation[]> {
  const decoder = createDecoder(model, 1);
  const found: Continuation[] = [];
  for (const ids of prompts) {
    const [first = new Float32Array()] = await decoder.forward([{ slot: 0, start: 0, ids }]);
    let logits = first;
    const greedyIds: number[] = [];
    while (greedyIds.length < newTokens) {
      const next = likeliest(logits);
      greedyIds.push(next);
      [logits = new Float32Array()] = await decoder.forward([
        { slot: 0, start: ids.length + greedyIds.length - 1, ids: [next] },
      ]);
    }
    found.push({ ids, logits: first, greedyIds });
  }
  return found;
}
