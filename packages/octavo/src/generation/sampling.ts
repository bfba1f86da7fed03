import { philox } from '@octavo/engine';
import type { Sampling, TokenLogprob } from './types.js';

/** Temperature 1 with nothing cut: the model's own distribution. */
export const defaultSampling: Sampling = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  logitBias: new Map(),
  seed: 0,
};

export interface Sampled {
  readonly id: number;
  /** Natural log of the token's probability under the model, before temperature and cuts. */
  readonly logprob: number;
  readonly top: readonly TokenLogprob[];
}

/** log Σ exp. */
function logSumOf(values: ArrayLike<number>): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) highest = Math.max(highest, values[i] ?? highest);
  let total = 0;
  for (let i = 0; i < values.length; i++) total += Math.exp((values[i] ?? 0) - highest);
  return highest + Math.log(total);
}

/** Ids of the `count` greatest values, greatest first; equal values in the order of their ids. */
export function greatest(values: ArrayLike<number>, count: number): number[] {
  const kept: number[] = [];
  for (let id = 0; id < values.length; id++) {
    const value = values[id] ?? 0;
    const last = kept[kept.length - 1];
    if (kept.length === count && (last === undefined || value <= (values[last] ?? 0))) continue;
    let at = kept.length;
    while (at > 0 && value > (values[kept[at - 1] ?? 0] ?? 0)) at--;
    kept.splice(at, 0, id);
    if (kept.length > count) kept.pop();
  }
  return kept;
}

/** Penalties and biases, in place: repetition as in Keskar et al. 2019 (arXiv 1909.05858), the others as OpenAI defines them. */
function adjust(logits: Float32Array, sampling: Sampling, counts: ReadonlyMap<number, number>): void {
  for (const [id, count] of counts) {
    const value = logits[id];
    if (value === undefined) continue;
    const repeated = value > 0 ? value / sampling.repetitionPenalty : value * sampling.repetitionPenalty;
    logits[id] = repeated - sampling.frequencyPenalty * count - sampling.presencePenalty;
  }
  for (const [id, bias] of sampling.logitBias) if (id < logits.length) logits[id] = (logits[id] ?? 0) + bias;
}

/** Candidates after top-k, min-p and top-p, most probable first, with their weights. */
function candidates(
  logits: Float32Array,
  { temperature, topK, topP, minP }: Sampling,
): { readonly ids: readonly number[]; readonly weights: readonly number[] } {
  // Beyond 1,024 candidates the tail of a nucleus is noise, and sorting it costs more than the model's step.
  const most = topP < 1 || minP > 0 ? 1024 : logits.length;
  const count = Math.min(logits.length, topK > 0 ? topK : most);
  const sorted = topK > 0 || topP < 1 || minP > 0;
  const ids = sorted ? greatest(logits, count) : Array.from(logits, (_, id) => id);
  const highest = ids.reduce((best, id) => Math.max(best, logits[id] ?? best), Number.NEGATIVE_INFINITY);
  const weights = ids.map((id) => Math.exp(((logits[id] ?? 0) - highest) / temperature));
  if (topP >= 1 && minP <= 0) return { ids, weights };
  const total = weights.reduce((a, b) => a + b, 0);
  let sum = 0;
  let kept = 0;
  while (kept < ids.length && (kept === 0 || (sum < topP * total && (weights[kept] ?? 0) >= minP))) {
    sum += weights[kept] ?? 0;
    kept++;
  }
  return { ids: ids.slice(0, kept), weights: weights.slice(0, kept) };
}

/**
 * Picks the next token. `index` counts the sampled tokens of the request: with the seed it fixes the random number, so a
 * request gives the same tokens alone and among others. `counts` are the tokens seen, for penalties.
 * Sources: Fan et al. 2018 (top-k), Holtzman et al. 2019 (top-p), Nguyen et al. 2024 (min-p).
 */
export function sampleToken(
  logits: Float32Array,
  the: {
    readonly sampling: Sampling;
    readonly index: number;
    readonly counts: ReadonlyMap<number, number>;
    readonly topLogprobs: number | undefined;
  },
): Sampled {
  const { sampling, topLogprobs } = the;
  const logSum = topLogprobs === undefined ? 0 : logSumOf(logits);
  const own = topLogprobs === undefined ? undefined : logits.slice();
  const top =
    own === undefined ? [] : greatest(own, topLogprobs ?? 0).map((id) => ({ id, logprob: (own[id] ?? 0) - logSum }));
  adjust(logits, sampling, the.counts);
  let id: number;
  if (sampling.temperature === 0) [id = 0] = greatest(logits, 1);
  else {
    const { ids, weights } = candidates(logits, sampling);
    const [word] = philox([the.index, 0, 0, 0], [sampling.seed >>> 0, Math.floor(sampling.seed / 2 ** 32) >>> 0]);
    let left = ((word + 0.5) / 2 ** 32) * weights.reduce((a, b) => a + b, 0);
    let at = 0;
    while (at < ids.length - 1 && left >= (weights[at] ?? 0)) left -= weights[at++] ?? 0;
    id = ids[at] ?? 0;
  }
  return { id, logprob: own === undefined ? 0 : (own[id] ?? 0) - logSum, top };
}
