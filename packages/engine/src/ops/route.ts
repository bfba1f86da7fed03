import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { showType, type TensorType } from '../types.js';
import { defineOp } from './define.js';
import { logSumOf } from './log-sum.js';

// N tokens, E experts, K active experts of a token, R rows that the experts get
export type RouteAttributes = {
  /** Experts of a token: the highest logits, of equals the lower expert. */
  readonly active: number;
  /** Rows that an expert takes at most: all first choices go before second ones, earlier tokens before later; 0 takes all. */
  readonly capacity: number;
  readonly scoring: 'softmax' | 'sigmoid';
  /** Whether the weights of a token are brought to sum 1. */
  readonly normalise: boolean;
};
export type RouteOutput =
  | 'weights'
  | 'probabilities'
  | 'logSums'
  | 'load'
  | 'experts'
  | 'slots'
  | 'sources'
  | 'offsets'
  | 'dropped';

const parameters = ({ logits }: Readonly<Record<'logits', TensorType>>, the: RouteAttributes): readonly number[] => [
  ...logits.shape,
  the.active,
  the.capacity,
  Number(the.scoring === 'sigmoid'),
  Number(the.normalise),
];
const rowsOf = ([tokens, experts]: readonly number[], { active, capacity }: RouteAttributes): number =>
  capacity === 0 ? tokens * active : Math.min(tokens * active, experts * capacity);

/** The scores of a token's experts, and those that it goes to. */
function choose(row: Float64Array, { active, scoring }: RouteAttributes) {
  const logSum = logSumOf(row);
  const scores = row.map((logit) => (scoring === 'softmax' ? Math.exp(logit - logSum) : 1 / (1 + Math.exp(-logit))));
  const chosen = [...row.keys()].sort((a, b) => row[b] - row[a] || a - b).slice(0, active);
  return { logSum, scores, chosen };
}

/**
 * The router of a mixture of experts: which tokens go to which experts, with which weights, sorted by expert.
 *   logits: [N, E] float32 → weights [N, K] (0 where dropped), probabilities [N, E], logSums [N] (log Σ exp of logits),
 *   load [E] (share of all choices, drops included), all float32; int32: experts [N, K], slots [N, K] (the row of each
 *   choice, −1 where dropped), sources [R] (n·K + choice of each row, −1 where unused), offsets [E + 1] (rows of expert e:
 *   offsets[e] to offsets[e + 1]), dropped [].
 * Within an expert rows are in the order of tokens. Sources: Shazeer et al. 2017, arXiv 1701.06538; Fedus et al. 2021,
 * arXiv 2101.03961 (capacity). Errors: SHAPE_MISMATCH.
 */
export const routeOp = defineOp({
  name: 'route',
  inputs: ['logits'],
  outputs: ['weights', 'probabilities', 'logSums', 'load', 'experts', 'slots', 'sources', 'offsets', 'dropped'],
  mixed: { full: ['logits'] },
  infer: ({ logits }, the: RouteAttributes) => {
    const [tokens, experts] = logits.shape;
    if (logits.shape.length !== 2 || the.active < 1 || the.active > experts)
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[route] logits [N, E] with at least ${the.active} experts; received ${showType(logits)}`,
      });
    const float = (...shape: readonly number[]): TensorType => ({ dtype: logits.dtype, shape });
    const index = (...shape: readonly number[]): TensorType => ({ dtype: 'int32', shape });
    return {
      weights: float(tokens, the.active),
      probabilities: logits,
      logSums: float(tokens),
      load: float(experts),
      experts: index(tokens, the.active),
      slots: index(tokens, the.active),
      sources: index(rowsOf(logits.shape, the)),
      offsets: index(experts + 1),
      dropped: index(),
    };
  },
  gradient: ({ inputs: { logits }, outputs: { experts, slots }, d, attributes }) => {
    const arriving = {
      ...(d.weights === undefined ? {} : { dweights: d.weights }),
      ...(d.probabilities === undefined ? {} : { dprobabilities: d.probabilities }),
      ...(d.logSums === undefined ? {} : { dlogSums: d.logSums }),
    };
    return {
      logits: record(logits.trace, routeGradientOp, { logits, experts, slots, ...arriving }, attributes).dlogits,
    };
  },
  reference: ({ logits }, the) => {
    const [tokens, experts] = logits.shape;
    const { active, capacity } = the;
    const rows = Array.from({ length: tokens }, (_, n) =>
      choose(logits.data.subarray(n * experts, (n + 1) * experts), the),
    );
    const slots = new Float64Array(tokens * active).fill(-1);
    const [taken, wanted] = [new Float64Array(experts), new Float64Array(experts)];
    const kept: number[][] = Array.from({ length: experts }, () => []);
    for (let choice = 0; choice < active; choice++)
      for (let n = 0; n < tokens; n++) {
        const expert = rows[n].chosen[choice];
        wanted[expert]++;
        if (capacity !== 0 && taken[expert] >= capacity) continue;
        taken[expert]++;
        kept[expert].push(n * active + choice);
      }
    const sorted = kept.flatMap((own) => own.toSorted((a, b) => a - b));
    sorted.forEach((source, slot) => {
      slots[source] = slot;
    });
    const sources = new Float64Array(rowsOf(logits.shape, the)).fill(-1);
    sources.set(sorted);
    const offsets = new Float64Array(experts + 1);
    for (const [expert, own] of kept.entries()) offsets[expert + 1] = offsets[expert] + own.length;
    const weights = rows.flatMap(({ scores, chosen }, n) => {
      const total = the.normalise ? chosen.reduce((sum, expert) => sum + scores[expert], 0) : 1;
      return chosen.map((expert, choice) => (slots[n * active + choice] < 0 ? 0 : scores[expert] / total));
    });
    const dense = (data: readonly number[] | Float64Array, ...shape: readonly number[]) => ({
      shape,
      data: Float64Array.from(data),
    });
    return {
      weights: dense(weights, tokens, active),
      probabilities: dense(
        rows.flatMap(({ scores }) => [...scores]),
        tokens,
        experts,
      ),
      logSums: dense(
        rows.map(({ logSum }) => logSum),
        tokens,
      ),
      load: dense(
        wanted.map((count) => count / Math.max(1, tokens * active)),
        experts,
      ),
      experts: dense(
        rows.flatMap(({ chosen }) => chosen),
        tokens,
        active,
      ),
      slots: dense(slots, tokens, active),
      sources: dense(sources, sources.length),
      offsets: dense(offsets, experts + 1),
      dropped: dense([tokens * active - sorted.length]),
    };
  },
  parameters,
});

/** From the gradients of weights, probabilities and log-sums, what is there of them, to that of the logits. */
export const routeGradientOp = defineOp({
  name: 'routeGradient',
  inputs: ['logits', 'experts', 'slots'],
  optional: ['dweights', 'dprobabilities', 'dlogSums'],
  outputs: ['dlogits'],
  mixed: { full: ['logits', 'dweights', 'dprobabilities', 'dlogSums'] },
  infer: ({ logits }, _: RouteAttributes) => ({ dlogits: logits }),
  reference: ({ logits, slots, dweights, dprobabilities, dlogSums }, the) => {
    const [tokens, experts] = logits.shape;
    const data = new Float64Array(logits.data.length);
    for (let n = 0; n < tokens; n++) {
      const row = logits.data.subarray(n * experts, (n + 1) * experts);
      const { logSum, scores, chosen } = choose(row, the);
      const dscores = Float64Array.from(row, (_, e) => dprobabilities?.data[n * experts + e] ?? 0);
      const total = the.normalise ? chosen.reduce((sum, expert) => sum + scores[expert], 0) : 1;
      const arriving = chosen.map((_, choice) =>
        slots.data[n * the.active + choice] < 0 ? 0 : (dweights?.data[n * the.active + choice] ?? 0),
      );
      const along = chosen.reduce((sum, expert, choice) => sum + (scores[expert] / total) * arriving[choice], 0);
      chosen.forEach((expert, choice) => {
        dscores[expert] += the.normalise ? (arriving[choice] - along) / total : arriving[choice];
      });
      const mean = scores.reduce((sum, score, e) => sum + score * dscores[e], 0);
      for (let e = 0; e < experts; e++)
        data[n * experts + e] =
          scores[e] * (the.scoring === 'softmax' ? dscores[e] - mean : (1 - scores[e]) * dscores[e]) +
          (dlogSums?.data[n] ?? 0) * Math.exp(row[e] - logSum);
    }
    return { dlogits: { shape: logits.shape, data } };
  },
  parameters,
});

export type Routing = Readonly<Record<RouteOutput, Tensor>>;

export const route = (
  logits: Tensor,
  {
    active,
    capacity = 0,
    scoring = 'softmax',
    normalise = true,
  }: Partial<RouteAttributes> & { readonly active: number },
): Routing => record(logits.trace, routeOp, { logits }, { active, capacity, scoring, normalise });
