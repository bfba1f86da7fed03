import {
  type Graph,
  type GraphChange,
  graphChange,
  optimiseStages,
  type Plan,
  type Precision,
  plan,
} from '@octavo/engine';
import { fail, type OptimiserKind } from '../../core/index.js';
import { decodingGraph } from '../../generation/index.js';
import { functionOf, gptParameters, type Model, outputGraph } from '../../models/index.js';
import { optimiserOf, trainingGraphOf, trainingSection } from '../../training/index.js';

export { print as graphText, printNode as nodeText } from '@octavo/engine';

// B sequences, T tokens of each

export const graphKinds = ['training', 'forward', 'decode'] as const;
export type GraphKind = (typeof graphKinds)[number];

export interface GraphRequest {
  readonly kind: GraphKind;
  readonly model: Model;
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

/**
 * The graph that such a step compiles: a training step, the output for whole sequences, or one new token of each over a
 * cache. Errors: USAGE where the model has no such step.
 */
export function tracedGraph(request: GraphRequest): Graph {
  const { kind, model, sequences, length, precision } = request;
  if (kind === 'forward') return outputGraph(functionOf(model), { sequences, length });
  if (kind === 'training') {
    const section = trainingSection.parse({ optimiser: request.optimiser });
    const { clip, clipValue, seed } = section;
    return trainingGraphOf(
      functionOf(model),
      { sequences, length },
      { optimiser: optimiserOf(section), clip, clipValue, seed },
    );
  }
  if (model.architecture !== 'gpt')
    throw fail('USAGE', {
      what: `this model has no step that adds a token to a cache: its architecture is ${model.architecture}`,
      where: '--kind decode',
      remedy: 'choose training or forward',
    });
  const { config } = model;
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
