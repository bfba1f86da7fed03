import type { Config } from './config.js';
import type { GraphNode } from './node.js';

/** The steps of a run in order; each reads only steps above it. */
export const graph: readonly GraphNode<Config>[] = [];
