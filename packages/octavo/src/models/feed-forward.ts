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
  type Tensor,
} from '@octavo/engine';
import type { Parameters } from './gpt.js';
import type { ExpertsConfig, GptConfig } from './gpt-config.js';
import { parameterOf, project } from './linear-layer.js';

// N tokens, D width, E experts
/** The feed-forward parts of a model, from the normalised residual stream [B, T, D] to what is added to it. */
export interface FeedForward {
  readonly feed: (x: Tensor, layer: number) => Tensor;
  /** What the routers did, in the order in which layers were met; none without experts. */
  readonly routings: readonly Routing[];
}

/** Products of x, bent: `project` multiplies by the matrix of that name. */
function hidden({ activation }: GptConfig, project: (name: 'gate' | 'up') => Tensor): Tensor {
  const up = project('up');
  switch (activation) {
    case 'gelu':
      return gelu(up);
    case 'gelu-tanh':
      return geluTanh(up);
    case 'relu-squared':
      return reluSquared(up);
    case 'swiglu':
      return multiply(silu(project('gate')), up);
  }
}

const dense = (config: GptConfig, parameters: Parameters): FeedForward => ({
  feed: (x, layer) => {
    const own = (name: string, of: Tensor): Tensor => project(parameters, `blocks.${layer}.feedForward.${name}`, of);
    return own(
      'down',
      hidden(config, (name) => own(name, x)),
    );
  },
  routings: [],
});

/** Rows are sorted by expert and multiplied group by group, so that nothing is padded. */
function mixed(config: GptConfig, experts: ExpertsConfig, parameters: Parameters): FeedForward {
  const { count, active, capacityFactor, scoring, normalise } = experts;
  const routings: Routing[] = [];
  const feed: FeedForward['feed'] = (x, layer) => {
    const weightOf = (name: string): Tensor => parameterOf(parameters, `blocks.${layer}.feedForward.${name}.weight`);
    const rows = x.shape.slice(0, -1).reduce((a, b) => a * b, 1);
    const tokens = reshape(x, [rows, config.width]);
    // Logits stay float32: experts that lie close to each other must not become equal.
    const logits = matmul(tokens, weightOf('router'), { transposeB: true, full: true });
    const capacity = Math.ceil((rows * active * capacityFactor) / count);
    const routing = scoped(x.trace, 'router', () => route(logits, { active, capacity, scoring, normalise }));
    routings.push(routing);
    const grouped = (name: string, of: Tensor): Tensor =>
      groupedMatmul(of, weightOf(name), routing.offsets, { transposeB: true });
    const own = dispatch(tokens, routing);
    const made = hidden(config, (name) => grouped(name, own));
    return reshape(combine(grouped('down', made), routing), x.shape);
  };
  return { feed, routings };
}

/**
 * One feed-forward part for every token, or experts that a router chooses from.
 * Sources: Fedus et al. 2021, arXiv 2101.03961; Jiang et al. 2024, arXiv 2401.04088.
 */
export const feedForwardOf = (config: GptConfig, parameters: Parameters): FeedForward =>
  config.experts === undefined ? dense(config, parameters) : mixed(config, config.experts, parameters);

/** What keeps routers even: load balancing and the z-loss of Zoph et al. 2022, arXiv 2202.08906, as a mean over layers: []. */
export function unevenness(routings: readonly Routing[], { balance, routerZ: z }: ExpertsConfig): Tensor {
  const terms = routings.map((routing) =>
    add(multiply(loadBalancing(routing), balance / routings.length), multiply(routerZ(routing), z / routings.length)),
  );
  return terms.reduce((total, term) => add(total, term));
}
