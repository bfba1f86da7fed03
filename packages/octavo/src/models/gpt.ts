import {
  add,
  attention,
  cachedAttention,
  crossEntropy,
  dropout,
  embedding,
  gelu,
  geluTanh,
  headNorm,
  layerNorm,
  linear,
  matmul,
  multiply,
  quantisedLinear,
  reluSquared,
  reshape,
  rmsNorm,
  rotary,
  rotaryAngles,
  scoped,
  silu,
  type Tensor,
} from '@octavo/engine';
import { invariant } from '../core/index.js';
import type { GptConfig } from './gpt-config.js';

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

/** The feed-forward part of a layer, from the normalised residual stream [B, T, D] to what is added to it. */
export type FeedForward = (x: Tensor, layer: number) => Tensor;

const parameterOf = (parameters: Parameters, path: string): Tensor => {
  const found = parameters.get(path);
  invariant(found !== undefined, `the model has the parameter ${path}`);
  return found;
};

/** A linear layer, in int8 where its weight came with scales. */
function project(parameters: Parameters, path: string, x: Tensor): Tensor {
  const weight = parameterOf(parameters, `${path}.weight`);
  const [bias, scales] = [parameters.get(`${path}.bias`), parameters.get(`${path}.weight.scales`)];
  return scales === undefined ? linear(x, weight, bias) : quantisedLinear(x, { weight, scales, bias });
}

function normalise(config: GptConfig, parameters: Parameters, path: string, x: Tensor): Tensor {
  const gain = parameterOf(parameters, `${path}.gain`);
  return config.norm === 'layer'
    ? layerNorm(x, gain, parameters.get(`${path}.bias`), config.normEpsilon)
    : rmsNorm(x, gain, config.normEpsilon);
}

const dense =
  (config: GptConfig, parameters: Parameters): FeedForward =>
  (x, layer) =>
    feedForward(config, parameters, `blocks.${layer}.feedForward`, x);

function feedForward(config: GptConfig, parameters: Parameters, path: string, x: Tensor): Tensor {
  const up = project(parameters, `${path}.up`, x);
  switch (config.activation) {
    case 'gelu':
      return project(parameters, `${path}.down`, gelu(up));
    case 'gelu-tanh':
      return project(parameters, `${path}.down`, geluTanh(up));
    case 'relu-squared':
      return project(parameters, `${path}.down`, reluSquared(up));
    case 'swiglu':
      return project(parameters, `${path}.down`, multiply(silu(project(parameters, `${path}.gate`, x)), up));
  }
}

/** Tokens [B, T] → final hidden states [B, T, D]: pre-norm blocks around a residual stream. */
function hiddenStates(
  config: GptConfig,
  parameters: Parameters,
  inputs: GptInputs,
  attend: Attend,
  feed: FeedForward = dense(config, parameters),
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

/**
 * The weighted next-token loss of whole sequences.
 *   tokens, positions, starts: int32 [B, T]; targets: int32 [B·T]; weights: float32 [B·T] → loss: [], losses: [B·T] in nats.
 * `starts` holds, for each token, where its document begins, so that packed documents do not see each other.
 */
export function gptLoss(
  config: GptConfig,
  parameters: Parameters,
  inputs: GptInputs & { readonly targets: Tensor; readonly weights: Tensor; readonly starts?: Tensor },
  feed?: FeedForward,
): { readonly loss: Tensor; readonly losses: Tensor } {
  const { heads, keyValueHeads, headWidth, width } = config;
  const x = hiddenStates(
    config,
    parameters,
    inputs,
    (qkv) => attention({ qkv, starts: inputs.starts }, { heads, keyValueHeads, headWidth }),
    feed,
  );
  const [batch = 1, time = 1] = inputs.tokens.shape;
  const bias = parameters.get('head.bias');
  const operands = {
    x: reshape(x, [batch * time, width]),
    weight: headWeight(config, parameters),
    targets: inputs.targets,
    weights: inputs.weights,
  };
  return scoped(x.trace, 'head', () => crossEntropy(bias === undefined ? operands : { ...operands, bias }));
}

/** Logits of whole sequences, for comparison with other implementations: tokens [B, T] → [B, T, V]. */
export function gptLogits(config: GptConfig, parameters: Parameters, inputs: GptInputs, feed?: FeedForward): Tensor {
  const { heads, keyValueHeads, headWidth } = config;
  const x = hiddenStates(
    config,
    parameters,
    inputs,
    (qkv) => attention({ qkv }, { heads, keyValueHeads, headWidth }),
    feed,
  );
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
