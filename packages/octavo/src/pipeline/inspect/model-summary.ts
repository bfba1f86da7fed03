import { keyValueCacheBytes, trainingMemory } from '../../hardware/index.js';
import {
  countParameters,
  type Diagram,
  diagramOf,
  forwardFlopsAt,
  type GptConfig,
  type Layer,
  layersOf,
  trainingFlopsPerToken,
} from '../../models/index.js';
import type { Architecture } from './find-architecture.js';

/** A row of the table: layers that are alike in each block stand together. */
export interface LayerGroup extends Layer {
  readonly count: number;
}

/** All that `octavo inspect model` says. */
export interface ModelSummary {
  readonly name: string;
  readonly from: string;
  readonly config: GptConfig;
  readonly layers: readonly (Layer & { readonly bytes: number })[];
  readonly diagram: Diagram;
  readonly parameters: number;
  /** Those that take part in a token: fewer with experts. */
  readonly activeParameters: number;
  /** Of the weights, in float32 and in 16 bits. */
  readonly bytes: { readonly float32: number; readonly half: number };
  /** Keys and values of one token in 16 bits, and of a full context. */
  readonly cacheBytes: { readonly token: number; readonly context: number };
  /** Of matrix products for one token: at the end of a full context, and to train on one by the usual convention. */
  readonly flops: { readonly forward: number; readonly training: number };
  /** A training step as planned, or of one sequence of the whole context by AdamW in mixed precision: an estimate. */
  readonly trainingBytes: number;
}

export const summaryOf = ({ name, from, config, training }: Architecture): ModelSummary => {
  const { contextLength } = config;
  const { total: parameters, active: activeParameters } = countParameters(config);
  const shape = {
    sequences: training?.batchSequences ?? 1,
    sequenceLength: training?.sequenceLength ?? contextLength,
    optimiser: training?.optimiser ?? 'adamw',
    precision: training?.precision ?? 'mixed',
  } as const;
  const cache = (sequenceLength: number): number => keyValueCacheBytes(config, { sequenceLength, bytesPerValue: 2 });
  return {
    name,
    from,
    config,
    layers: layersOf(config).map((layer) => ({ ...layer, bytes: 4 * layer.parameters })),
    diagram: diagramOf(config),
    parameters,
    activeParameters,
    bytes: { float32: 4 * parameters, half: 2 * parameters },
    cacheBytes: { token: cache(1), context: cache(contextLength) },
    flops: {
      forward: forwardFlopsAt(config, contextLength - 1),
      training: trainingFlopsPerToken(config, contextLength),
    },
    trainingBytes: trainingMemory(config, shape).totalBytes,
  };
};

/** The layers with those of equal blocks as one row: `blocks.0…11.attention.qkv`, twelve times. */
export const groupedLayers = ({ layers, config }: Pick<ModelSummary, 'layers' | 'config'>): readonly LayerGroup[] =>
  layers.flatMap((layer): readonly LayerGroup[] => {
    const [, block, rest = ''] = /^blocks\.(\d+)\.(.+)$/.exec(layer.path) ?? [];
    if (block === undefined) return [{ ...layer, count: 1 }];
    if (block !== '0') return [];
    const path = config.depth === 1 ? layer.path : `blocks.0…${config.depth - 1}.${rest}`;
    return [{ ...layer, path, count: config.depth }];
  });
