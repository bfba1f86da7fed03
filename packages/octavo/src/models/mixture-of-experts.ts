import {
  add,
  combine,
  dispatch,
  gelu,
  geluTanh,
  groupedMatmul,
  loadBalancing,
  matmul,
  multiply,
  type Routing,
  reluSquared,
  reshape,
  route,
  routerZ,
  scoped,
  silu,
  sum,
  type Tensor,
} from '@octavo/engine';
import { invariant } from '../core/index.js';
import { type FeedForward, type GptInputs, gptLogits, gptLoss, type Parameters } from './gpt.js';
import type { GptConfig } from './gpt-config.js';
import { gptParameters, type ParameterSpec } from './gpt-parameters.js';

// B batch, T time, D width, F width of an expert, E experts
/** How the feed-forward parts of a mixture are shared out. */
export interface ExpertsConfig {
  readonly count: number;
  /** Experts that a token goes to. */
  readonly active: number;
  /** Rows of an expert in training, as a multiple of its even share; what is over is dropped. 0 drops nothing. */
  readonly capacityFactor: number;
  readonly scoring: 'softmax' | 'sigmoid';
  /** Whether the weights of a token's experts are brought to sum 1. */
  readonly normalise: boolean;
  /** Weight of the load-balancing loss, a mean over layers. */
  readonly balance: number;
  /** Weight of the router z-loss, a mean over layers. */
  readonly routerZ: number;
}

/** A GPT whose feed-forward parts are experts of `feedForwardWidth` each, without biases. */
export interface MixtureConfig extends GptConfig {
  readonly experts: ExpertsConfig;
}

const expertMatrix = /\.feedForward\.(gate|up|down)\.(weight|bias)$/;

/** Every parameter in a fixed order: those of the GPT, with [E, …] in place of a feed-forward matrix, and the routers. */
export function mixtureParameters(config: MixtureConfig): readonly ParameterSpec[] {
  const { depth, width, experts } = config;
  const routers = Array.from(
    { length: depth },
    (_, layer): ParameterSpec => ({
      path: `blocks.${layer}.feedForward.router.weight`,
      shape: [experts.count, width],
      start: { kind: 'normal', deviation: 0.02 },
      role: 'embedding',
    }),
  );
  const rest = gptParameters(config).flatMap((spec): readonly ParameterSpec[] => {
    if (!expertMatrix.test(spec.path)) return [spec];
    return spec.path.endsWith('bias') ? [] : [{ ...spec, shape: [experts.count, ...spec.shape] }];
  });
  return [...rest, ...routers];
}

/** The experts of every layer, and what their routers did, in the order in which layers are met. */
function expertsOf(config: MixtureConfig, parameters: Parameters, capacityFactor: number) {
  const { count, active, scoring, normalise } = config.experts;
  const routings: Routing[] = [];
  const feed: FeedForward = (x, layer) => {
    const weightOf = (name: string): Tensor => {
      const found = parameters.get(`blocks.${layer}.feedForward.${name}.weight`);
      invariant(found !== undefined, `layer ${layer} has the experts' ${name}`);
      return found;
    };
    const rows = x.shape.slice(0, -1).reduce((a, b) => a * b, 1);
    const tokens = reshape(x, [rows, config.width]);
    // Logits stay float32: experts that lie close to each other must not become equal.
    const logits = matmul(tokens, weightOf('router'), { transposeB: true, full: true });
    const capacity = Math.ceil((rows * active * capacityFactor) / count);
    const routing = scoped(x.trace, 'router', () => route(logits, { active, capacity, scoring, normalise }));
    routings.push(routing);
    const product = (name: string, of: Tensor): Tensor =>
      groupedMatmul(of, weightOf(name), routing.offsets, { transposeB: true });
    const own = dispatch(tokens, routing);
    const up = product('up', own);
    const hidden = {
      gelu: () => gelu(up),
      'gelu-tanh': () => geluTanh(up),
      'relu-squared': () => reluSquared(up),
      swiglu: () => multiply(silu(product('gate', own)), up),
    }[config.activation]();
    return reshape(combine(product('down', hidden), routing), x.shape);
  };
  return { feed, routings };
}

type LossInputs = GptInputs & { readonly targets: Tensor; readonly weights: Tensor; readonly starts?: Tensor };

/**
 * The weighted next-token loss of a mixture of experts, as `gptLoss`, plus the losses that keep its routers even.
 * `losses` are those of the tokens alone. `loads`: for each layer the shares of its experts [E]; `dropped`: int32 [] each.
 * Sources: Fedus et al. 2021, arXiv 2101.03961; Zoph et al. 2022, arXiv 2202.08906; Jiang et al. 2024, arXiv 2401.04088.
 */
export function mixtureLoss(config: MixtureConfig, parameters: Parameters, inputs: LossInputs) {
  const { feed, routings } = expertsOf(config, parameters, config.experts.capacityFactor);
  const { loss, losses } = gptLoss(config, parameters, inputs, feed);
  const evenness = routings.map((routing) =>
    add(
      multiply(loadBalancing(routing), config.experts.balance / config.depth),
      multiply(routerZ(routing), config.experts.routerZ / config.depth),
    ),
  );
  // Weights of a micro-batch sum to its share of the batch: so does what its routers add.
  const share = sum(inputs.weights);
  return {
    loss: evenness.reduce((total, term) => add(total, multiply(term, share)), loss),
    losses,
    loads: routings.map(({ load }) => load),
    dropped: routings.map(({ dropped }) => dropped),
  };
}

/** Logits of whole sequences; no token is dropped. */
export const mixtureLogits = (config: MixtureConfig, parameters: Parameters, inputs: GptInputs): Tensor =>
  gptLogits(config, parameters, inputs, expertsOf(config, parameters, 0).feed);
