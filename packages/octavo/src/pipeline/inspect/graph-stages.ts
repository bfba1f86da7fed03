import {
  type Graph,
  type GraphChange,
  graphChange,
  input,
  optimiseStages,
  type Plan,
  type Precision,
  plan,
  trace,
} from '@octavo/engine';
import type { OptimiserKind } from '../../core/index.js';
import { decodingGraph } from '../../generation/index.js';
import { type GptConfig, gptLogits, gptParameters } from '../../models/index.js';
import { optimiserOf, trainingGraph, trainingSection } from '../../training/index.js';

export { print as graphText, printNode as nodeText } from '@octavo/engine';

// B sequences, T tokens of each

export const graphKinds = ['training', 'forward', 'decode'] as const;
export type GraphKind = (typeof graphKinds)[number];

export interface GraphRequest {
  readonly kind: GraphKind;
  readonly config: GptConfig;
  readonly optimiser: OptimiserKind;
  readonly sequences: number;
  readonly length: number;
  readonly precision: Precision;
}

/** A graph on its way through the passes, with what it costs and what the pass did. */
export interface GraphStage {
  readonly name: string;
  readonly graph: Graph;
  readonly plan: Plan;
  /** Absent for the graph as it was traced. */
  readonly change: GraphChange | undefined;
}

const forwardGraph = ({ config, sequences, length }: GraphRequest): Graph =>
  trace((building) => {
    const ids = (name: string) => input(building, name, { dtype: 'int32', shape: [sequences, length] });
    const parameters = new Map(
      gptParameters(config).map(({ path, shape }) => [
        path,
        input(building, `parameter:${path}`, { dtype: 'float32', shape }),
      ]),
    );
    return {
      outputs: { logits: gptLogits(config, parameters, { tokens: ids('tokens'), positions: ids('positions') }) },
    };
  });

/** The graph that such a step compiles: a training step, logits of whole sequences, or one new token of each over a cache. */
export function tracedGraph(request: GraphRequest): Graph {
  const { kind, config, sequences, length, precision } = request;
  if (kind === 'forward') return forwardGraph(request);
  if (kind === 'decode') {
    return decodingGraph({
      config,
      sequences,
      time: 1,
      slots: sequences,
      cacheDtype: precision,
      types: new Map(
        gptParameters(config).map(({ path, shape, role }) => [
          path,
          { dtype: role === 'vector' ? 'float32' : precision, shape },
        ]),
      ),
    });
  }
  const section = trainingSection.parse({ optimiser: request.optimiser });
  return trainingGraph({
    model: config,
    optimiser: optimiserOf(section),
    sequences,
    length,
    clip: section.clip,
    clipValue: section.clipValue,
    seed: section.seed,
    packed: false,
  });
}

/** The traced graph and what each pass makes of it; nothing runs. */
export function graphStages(request: GraphRequest): readonly GraphStage[] {
  const stages: GraphStage[] = [];
  for (const { name, graph } of optimiseStages(tracedGraph(request), request.precision)) {
    const before = stages.at(-1)?.graph;
    stages.push({
      name,
      graph,
      plan: plan(graph),
      change: before === undefined ? undefined : graphChange(before, graph),
    });
  }
  return stages;
}
