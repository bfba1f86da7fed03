import type { Graph } from '../trace/graph.js';
import { accumulate } from './accumulate.js';
import { commonSubexpressions } from './common-subexpressions.js';
import { deadCode } from './dead-code.js';
import { fuseCrossEntropy } from './fuse-cross-entropy.js';
import { fuseElementwise } from './fuse-elementwise.js';
import { fuseLinear } from './fuse-linear.js';
import { fuseProducts } from './fuse-products.js';
import { mixedPrecision } from './mixed-precision.js';
import { verify } from './verify.js';

export type Precision = 'float32' | 'bfloat16' | 'float16';

export interface Pass {
  readonly name: string;
  readonly run: (graph: Graph) => Graph;
}

/** The passes of a native compile, in their order. */
export const passesFor = (precision: Precision): readonly Pass[] => [
  { name: 'dead-code', run: deadCode },
  ...(precision === 'float32'
    ? []
    : [{ name: 'mixed-precision', run: (graph: Graph) => mixedPrecision(graph, precision) }]),
  { name: 'common-subexpressions', run: commonSubexpressions },
  { name: 'fuse-cross-entropy', run: fuseCrossEntropy },
  { name: 'fuse-products', run: fuseProducts },
  { name: 'accumulate', run: accumulate },
  { name: 'fuse-linear', run: fuseLinear },
  { name: 'fuse-elementwise', run: fuseElementwise },
  { name: 'dead-code', run: deadCode },
];

/** A graph on its way through the passes: as `trace` made it, or as the pass of this name left it. */
export interface Stage {
  readonly name: string;
  readonly graph: Graph;
}

/** Runs the passes one by one, with the verifier after each; the first stage is the graph as it came. */
export function* optimiseStages(graph: Graph, precision: Precision): Generator<Stage> {
  let current = verify(graph, 'trace');
  yield { name: 'trace', graph: current };
  for (const { name, run } of passesFor(precision)) {
    current = verify(run(current), name);
    yield { name, graph: current };
  }
}

/** Runs all passes, with the verifier after each. */
export function optimise(graph: Graph, precision: Precision): Graph {
  let last = graph;
  for (const stage of optimiseStages(graph, precision)) last = stage.graph;
  return last;
}
