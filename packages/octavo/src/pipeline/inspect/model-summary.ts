import { product } from '@octavo/engine';
import { keyValueCacheBytes, trainingMemory } from '../../hardware/index.js';
import {
  type DiagramStream,
  diagramOf,
  functionOf,
  type Layer,
  type Model,
  outputGraph,
  partsOf,
} from '../../models/index.js';
import type { Architecture } from './find-architecture.js';

/** All that `octavo inspect model` says, of one pass over one sequence. */
export interface ModelSummary {
  readonly name: string;
  readonly from: string;
  readonly architecture: Model['architecture'];
  readonly config: Model['config'];
  /** Tokens of the sequence. */
  readonly length: number;
  readonly layers: readonly (Layer & { readonly bytes: number })[];
  readonly diagram: readonly DiagramStream[];
  /** What comes out, in words: `50257 logits`. */
  readonly gives: string;
  readonly parameters: number;
  /** Those that take part in a token: fewer with experts. */
  readonly activeParameters: number;
  /** Of the weights, in float32 and in 16 bits. */
  readonly bytes: { readonly float32: number; readonly half: number };
  /** Of products: of the pass, and to train on it, which is three times as much. */
  readonly flops: { readonly forward: number; readonly training: number };
  /** Keys and values of one token in 16 bits, and of a full context, where there is a cache of them. */
  readonly cacheBytes: { readonly token: number; readonly context: number } | undefined;
  /** A training step as planned, or of one sequence by AdamW in mixed precision: an estimate, of GPTs. */
  readonly trainingBytes: number | undefined;
}

/** Cache and training step of a GPT, by arithmetic. */
function gptBytes({ model, training }: Architecture): Pick<ModelSummary, 'cacheBytes' | 'trainingBytes'> {
  if (model.architecture !== 'gpt') return { cacheBytes: undefined, trainingBytes: undefined };
  const { config } = model;
  const cache = (sequenceLength: number): number => keyValueCacheBytes(config, { sequenceLength, bytesPerValue: 2 });
  const shape = {
    sequences: training?.batchSequences ?? 1,
    sequenceLength: training?.sequenceLength ?? config.contextLength,
    optimiser: training?.optimiser ?? 'adamw',
    precision: training?.precision ?? 'mixed',
  } as const;
  return {
    cacheBytes: { token: cache(1), context: cache(config.contextLength) },
    trainingBytes: trainingMemory(config, shape).totalBytes,
  };
}

export const summaryOf = (architecture: Architecture): ModelSummary => {
  const { name, from, model, length } = architecture;
  const face = functionOf(model);
  const graph = outputGraph(face, { sequences: 1, length });
  const given = Object.entries(face.inputs({ sequences: 1, length })).filter(([, { holds }]) => holds === 'tokens');
  const tokens = given.reduce((most, [, { type }]) => Math.max(most, product(type.shape)), 0);
  const parts = partsOf(graph, face.parameters, tokens);
  const total = (of: (layer: Layer) => number): number => parts.layers.reduce((sum, layer) => sum + of(layer), 0);
  const [parameters, forward] = [total((layer) => layer.parameters), total((layer) => layer.flops)];
  const out = graph.types[graph.outputs[0]?.value ?? -1];
  return {
    name,
    from,
    architecture: model.architecture,
    config: model.config,
    length,
    layers: parts.layers.map((layer) => ({ ...layer, bytes: 4 * layer.parameters })),
    diagram: diagramOf(
      graph,
      parts,
      given.map(([input]) => input),
    ),
    gives: out?.dtype === 'int32' ? 'tags' : `${out?.shape.at(-1) ?? 0} logits`,
    parameters,
    activeParameters: total(({ active }) => active),
    bytes: { float32: 4 * parameters, half: 2 * parameters },
    flops: { forward, training: 3 * forward },
    ...gptBytes(architecture),
  };
};
