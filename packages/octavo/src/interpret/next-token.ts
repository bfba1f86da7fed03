import { checkPrompt, compiled, type InterpretedModel, logitsGraph, promptInputs } from './model.js';

/** A token of the vocabulary with the probability that a model gives it. */
export interface Likely {
  readonly id: number;
  readonly probability: number;
}

/** Softmax in double precision. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(logits);
  const highest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = values.map((value) => Math.exp(value - highest));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

/** The likeliest tokens, best first; of equals the one with the lower id. */
export function likeliest(probabilities: ArrayLike<number>, count: number): readonly Likely[] {
  const best: Likely[] = [];
  for (let id = 0; id < probabilities.length; id++) {
    const probability = probabilities[id] ?? 0;
    if (best.length === count && probability <= (best.at(-1)?.probability ?? 0)) continue;
    const at = best.findIndex((other) => probability > other.probability);
    best.splice(at < 0 ? best.length : at, 0, { id, probability });
    if (best.length > count) best.pop();
  }
  return best;
}

/** Logits of the token that follows a prompt [V]. Errors: PROMPT_TOO_LONG. */
export async function nextLogits(model: InterpretedModel, ids: readonly number[]): Promise<Float64Array> {
  checkPrompt(model, ids);
  const found = (await compiled(model, logitsGraph(model, ids))(promptInputs(model, ids)))('logits');
  return Float64Array.from(found.subarray(found.length - found.length / ids.length));
}
