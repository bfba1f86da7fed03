import {
  add,
  attention,
  cachedAttention,
  crossEntropy,
  dropout,
  embedding,
  headNorm,
  layerNorm,
  linear,
  matmul,
  multiply,
  quantisedLinear,
  reshape,
  rmsNorm,
  rotary,
  rotaryAngles,
  scoped,
  sum,
  type Tensor,
} from '@octavo/engine';
import { invariant } from '../core/index.js';
import { type FeedForward, feedForwardOf, unevenness } from './feed-forward.js';
import { type GptConfig, inUse } from './gpt-config.js';
import { parameterOf, project } from './linear-layer.js';

// B batch, T time, D width, V vocabulary
/** Parameters by path, as symbolic tensors. */
export type Parameters = ReadonlyMap<string, Tensor>;

/** What each sequence brings beside its tokens. */
export interface GptInputs {
  /** int32 [B, T] */
  readonly tokens: Tensor;
  /** int32 [B, T] */
  readonly positions: Tensor;
  /** Step and seed of dropout; absent where nothing is dropped. */
  readonly dropout?: { readonly step: Tensor; readonly seed: number };
}

/** Attention over packed queries, keys and values [B, T, (H + 2G)·W] in a layer: with or without a cache. */
type Attend = (qkv: Tensor, layer: number) => Tensor;

function normalise(config: GptConfig, parameters: Parameters, path: string, x: Tensor): Tensor {
  const gain = parameterOf(parameters, `${path}.gain`);
  return config.norm === 'layer'
    ? layerNorm(x, gain, parameters.get(`${path}.bias`), config.normEpsilon)
    : rmsNorm(x, gain, config.normEpsilon);
}

/** Tokens [B, T] → final hidden states [B, T, D]: pre-norm blocks around a residual stream. */
function hiddenStates(
  config: GptConfig,
  parameters: Parameters,
  inputs: GptInputs,
  attend: Attend,
  { feed }: FeedForward = feedForwardOf(inUse(config), parameters),
): Tensor {
  const { trace } = inputs.tokens;
  const { heads, keyValueHeads, headWidth } = config;
  const turned = heads + keyValueHeads;
  const drop = (x: Tensor, stream: number): Tensor =>
    inputs.dropout === undefined || config.dropout === 0
      ? x
      : dropout(x, inputs.dropout.step, { rate: config.dropout, seed: inputs.dropout.seed, stream });
  let x = embedding(parameterOf(parameters, 'embedding.token'), inputs.tokens);
  if (config.positions === 'learned')
    x = add(x, embedding(parameterOf(parameters, 'embedding.position'), inputs.positions));
  const angles =
    config.positions === 'rotary' ? rotaryAngles(inputs.positions, { headWidth, base: config.rotaryBase }) : undefined;
  x = drop(x, 0);
  for (let layer = 0; layer < config.depth; layer++)
    x = scoped(trace, `blocks.${layer}`, () => {
      const path = `blocks.${layer}`;
      const attended = scoped(trace, 'attention', () => {
        let qkv = project(
          parameters,
          `${path}.attention.qkv`,
          normalise(config, parameters, `${path}.attention.norm`, x),
        );
        if (config.queryKeyNorm) qkv = headNorm(qkv, { heads: turned, headWidth, epsilon: config.normEpsilon });
        if (angles !== undefined) qkv = rotary(qkv, angles, { heads: turned, headWidth });
        return drop(project(parameters, `${path}.attention.output`, attend(qkv, layer)), 2 * layer + 1);
      });
      const middle = add(x, attended);
      return scoped(trace, 'feedForward', () =>
        add(
          middle,
          drop(feed(normalise(config, parameters, `${path}.feedForward.norm`, middle), layer), 2 * layer + 2),
        ),
      );
    });
  return normalise(config, parameters, 'norm', x);
}

const headWeight = (config: GptConfig, parameters: Parameters): Tensor =>
  parameterOf(parameters, config.tiedEmbeddings ? 'embedding.token' : 'head.weight');

/** What a model is trained by, and what is worth knowing beside it. */
export interface GptLosses {
  /** Of the tokens: []. */
  readonly loss: Tensor;
  /** Of each token, in nats: [B·T]. */
  readonly losses: Tensor;
  /** What training makes small: the loss, and with experts what keeps their routers even: []. */
  readonly objective: Tensor;
  /** For each layer with experts, the shares of tokens that they got: [E]; how many were dropped: int32 []. */
  readonly loads: readonly Tensor[];
  readonly dropped: readonly Tensor[];
}

/**
 * The weighted next-token loss of whole sequences.
 *   tokens, positions, starts: int32 [B, T]; targets: int32 [B·T]; weights: float32 [B·T].
 * `starts` holds, for each token, where its document begins, so that packed documents do not see each other.
 */
export function gptLoss(
  config: GptConfig,
  parameters: Parameters,
  inputs: GptInputs & { readonly targets: Tensor; readonly weights: Tensor; readonly starts?: Tensor },
): GptLosses {
  const { heads, keyValueHeads, headWidth, width, experts } = config;
  const feedForward = feedForwardOf(config, parameters);
  const x = hiddenStates(
    config,
    parameters,
    inputs,
    (qkv) => attention({ qkv, starts: inputs.starts }, { heads, keyValueHeads, headWidth }),
    feedForward,
  );
  const [batch = 1, time = 1] = inputs.tokens.shape;
  const bias = parameters.get('head.bias');
  const operands = {
    x: reshape(x, [batch * time, width]),
    weight: headWeight(config, parameters),
    targets: inputs.targets,
    weights: inputs.weights,
  };
  const { loss, losses } = scoped(x.trace, 'head', () =>
    crossEntropy(bias === undefined ? operands : { ...operands, bias }),
  );
  const { routings } = feedForward;
  // Weights of a micro-batch sum to its share of the batch: so does what its routers add.
  const objective =
    experts === undefined ? loss : add(loss, multiply(unevenness(routings, experts), sum(inputs.weights)));
  return {
    loss,
    losses,
    objective,
    loads: routings.map(({ load }) => load),
    dropped: routings.map(({ dropped }) => dropped),
  };
}

/** Logits of whole sequences, for comparison with other implementations: tokens [B, T] → [B, T, V]. */
export function gptLogits(config: GptConfig, parameters: Parameters, inputs: GptInputs): Tensor {
  const { heads, keyValueHeads, headWidth } = config;
  const x = hiddenStates(config, parameters, inputs, (qkv) => attention({ qkv }, { heads, keyValueHeads, headWidth }));
  return scoped(x.trace, 'head', () => linear(x, headWeight(config, parameters), parameters.get('head.bias')));
}

/** Keys and values of one layer: [slots, capacity, G·W] each. */
export interface LayerCache {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/**
 * New tokens of sequences that live in a cache → the logits after the token at `last` of each.
 *   tokens, positions: int32 [S, T]; slots, starts: int32 [S]; last: int32 [S], flat indices into [S·T] → logits: [S, V].
 */
export function gptCached(
  config: GptConfig,
  parameters: Parameters,
  inputs: GptInputs & {
    readonly slots: Tensor;
    readonly starts: Tensor;
    readonly last: Tensor;
    readonly caches: readonly LayerCache[];
  },
): { readonly logits: Tensor; readonly caches: readonly LayerCache[] } {
  const { heads, keyValueHeads, headWidth, width } = config;
  const caches: LayerCache[] = [];
  const x = hiddenStates(config, parameters, inputs, (qkv, layer) => {
    const cache = inputs.caches[layer];
    invariant(cache !== undefined, 'there is a cache for each layer');
    const { y, newKeys, newValues } = cachedAttention(
      { qkv, keys: cache.keys, values: cache.values, slots: inputs.slots, starts: inputs.starts },
      { heads, keyValueHeads, headWidth },
    );
    caches.push({ keys: newKeys, values: newValues });
    return y;
  });
  const [sequences = 1, time = 1] = inputs.tokens.shape;
  const last = embedding(reshape(x, [sequences * time, width]), inputs.last);
  const logits = scoped(x.trace, 'head', () => {
    // In float32 whatever the precision: two logits that differ by less than 16 bits hold still have an order.
    const scales = parameters.get('head.weight.scales');
    if (scales !== undefined) {
      const operands = { weight: parameterOf(parameters, 'head.weight'), scales, bias: parameters.get('head.bias') };
      return quantisedLinear(last, operands, { full: true });
    }
    const products = matmul(last, headWeight(config, parameters), { transposeB: true, full: true });
    const bias = parameters.get('head.bias');
    return bias === undefined ? products : add(products, bias);
  });
  return { logits, caches };
}
