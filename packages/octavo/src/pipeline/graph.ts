import { clean, cleanSection, collect, collectSection, split, splitSection } from '../data/index.js';
import type { Config } from './config.js';
import { type GraphNode, node } from './node.js';

/** The steps of a run in order; each reads only steps above it. */
export const graph: readonly GraphNode<Config>[] = [
  node(collect, ({ data }) => collectSection(data)),
  node(clean, ({ data }) => cleanSection(data)),
  node(split, ({ data }) => splitSection(data)),
];
