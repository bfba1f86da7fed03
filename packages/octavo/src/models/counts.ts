/**
 * Exact counts of parameters and operations, by arithmetic alone.
 * L depth, d width, h heads, k key-value heads, e head width, f feed-forward width, V vocabulary, s sequence
 */
import type { ExpertsConfig, GptConfig } from './gpt-config.js';

/** A GPT, or a published relative of it that `GptConfig` cannot build but that can be counted. */
export interface CountedModel extends Omit<GptConfig, 'experts'> {
  /** Biases on queries, keys and values alone, as in Qwen 2.5. */
  readonly queryKeyValueBiases?: boolean;
  /** Gains of the query and key norms, e each, as in Qwen 3. */
  readonly queryKeyNormGains?: boolean;
  /** Norms without gains, as in nanochat. */
  readonly gainlessNorms?: boolean;
  /** Feed-forward parts of `count` experts each, of which a token meets `active`, and a router of one vector an expert. */
  readonly experts?: Pick<ExpertsConfig, 'count' | 'active'> | undefined;
}

export interface ParameterCount {
  /** Tied weights once. */
  readonly total: number;
  /** What takes part in a token: all but the experts that it does not go to. */
  readonly active: number;
  readonly tokenEmbedding: number;
  readonly positionEmbedding: number;
  /** Of all blocks together. */
  readonly attention: number;
  readonly feedForward: number;
  readonly norms: number;
  /** An untied output matrix, and a bias on the logits. */
  readonly head: number;
  /** Weights that meet every token in a matrix product, the output matrix included even where it is tied. */
  readonly multiplied: number;
}

export function countParameters(model: CountedModel): ParameterCount {
  const {
    depth: L,
    width: d,
    heads: h,
    keyValueHeads: k,
    headWidth: e,
    feedForwardWidth: f,
    vocabularySize: V,
  } = model;
  const bias = model.biases ? 1 : 0;
  const qkvBias = model.biases || model.queryKeyValueBiases === true ? 1 : 0;
  const normSize = model.gainlessNorms === true ? 0 : d * (model.norm === 'layer' && model.biases ? 2 : 1);

  const attentionMatrices = L * (d * (h + 2 * k) * e + h * e * d);
  const attentionVectors = L * (qkvBias * (h + 2 * k) * e + bias * d + (model.queryKeyNormGains === true ? 2 * e : 0));
  const gates = model.activation === 'swiglu' ? 1 : 0;
  const { count, active } = model.experts ?? { count: 1, active: 1 };
  const router = model.experts === undefined ? 0 : L * d * count;
  const expertMatrices = L * (2 + gates) * d * f;
  const feedForwardMatrices = router + count * expertMatrices;
  const feedForwardVectors = model.experts === undefined ? L * bias * ((1 + gates) * f + d) : 0;

  const tokenEmbedding = V * d;
  const positionEmbedding = model.positions === 'learned' ? model.contextLength * d : 0;
  const attention = attentionMatrices + attentionVectors;
  const feedForward = feedForwardMatrices + feedForwardVectors;
  const norms = (2 * L + 1) * normSize;
  const head = (model.tiedEmbeddings ? 0 : V * d) + (model.outputBias ? V : 0);
  const total = tokenEmbedding + positionEmbedding + attention + feedForward + norms + head;
  const idle = (count - active) * expertMatrices;
  return {
    total,
    active: total - idle,
    tokenEmbedding,
    positionEmbedding,
    attention,
    feedForward,
    norms,
    head,
    multiplied: attentionMatrices + feedForwardMatrices - idle + V * d,
  };
}

/**
 * Floating-point operations to train on one token, by the usual convention: 6 for each parameter but those that are
 * only looked up, and 12·L·h·e·s for attention, the masked half included.
 * Sources: PaLM, arXiv 2204.02311, appendix B; nanoGPT's estimate_mfu.
 */
export function trainingFlopsPerToken(model: CountedModel, sequenceLength: number): number {
  const { active, positionEmbedding, tokenEmbedding } = countParameters(model);
  const lookedUp = positionEmbedding + (model.tiedEmbeddings ? 0 : tokenEmbedding);
  return 6 * (active - lookedUp) + 12 * model.depth * model.heads * model.headWidth * sequenceLength;
}

/**
 * Operations that matrix products really do for the token at `position` (0-based) in one forward pass: 2 for each
 * weight met, and 4·L·h·e for each position seen.
 */
export const forwardFlopsAt = (model: CountedModel, position: number): number =>
  2 * countParameters(model).multiplied + 4 * model.depth * model.heads * model.headWidth * (position + 1);

/** The rule of thumb C = 6·N·D. Source: Kaplan et al. 2020, arXiv 2001.08361, §2.1. */
export const trainingFlops = ({
  parameters,
  tokens,
}: {
  readonly parameters: number;
  readonly tokens: number;
}): number => 6 * parameters * tokens;
