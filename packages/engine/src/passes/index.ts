import type { Graph } from '../trace/graph.js';
import { commonSubexpressions } from './common-subexpressions.js';
import { deadCode } from './dead-code.js';
import { fuseCrossEntropy } from './fuse-cross-entropy.js';
import { fuseElementwise } from './fuse-elementwise.js';
import { fuseLinear } from './fuse-linear.js';
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
  { name: 'fuse-linear', run: fuseLinear },
  { name: 'fuse-elementwise', run: fuseElementwise },
  { name: 'dead-code', run: deadCode },
];

/** Runs the passes, with the verifier after each. */
export const optimise = (graph: Graph, precision: Precision): Graph =>
  passesFor(precision).reduce((current, pass) => verify(pass.run(current), pass.name), verify(graph, 'trace'));
