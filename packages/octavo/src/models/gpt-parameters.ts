import type { GptConfig } from './gpt-config.js';

/** How a parameter starts. `logUnigram` is filled from token counts where they are known, else zeros. */
export type Start =
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly from: number; readonly to: number }
  | { readonly kind: 'logUnigram' };

export interface ParameterSpec {
  /** Path in the tree of parameters: `blocks.0.attention.qkv.weight`. */
  readonly path: string;
  readonly shape: readonly number[];
  readonly start: Start;
  /** Matrices of blocks, one or a stack of them, may be trained by Muon; embeddings, norms, biases and routers by Adam. */
  readonly role: 'matrix' | 'embedding' | 'vector';
}

/**
 * Every parameter of a GPT in a fixed order. Rows of `qkv` are the heads of queries, then of keys, then of values.
 * With experts the matrices of a feed-forward part are [E, …], and a router [E, D] comes before them.
 * Weights start normal with deviation 0.02, output projections smaller by √(2·depth), as in GPT-2.
 */
export function gptParameters(config: GptConfig): readonly ParameterSpec[] {
  const { width, heads, keyValueHeads, headWidth, feedForwardWidth, vocabularySize, contextLength, depth } = config;
  const normal = (deviation: number): Start => ({ kind: 'normal', deviation });
  const constant = (value: number): Start => ({ kind: 'constant', value });
  const norm = (path: string): readonly ParameterSpec[] => [
    { path: `${path}.gain`, shape: [width], start: constant(1), role: 'vector' },
    ...(config.norm === 'layer' && config.biases
      ? [{ path: `${path}.bias`, shape: [width], start: constant(0), role: 'vector' } as const]
      : []),
  ];
  const linear = (path: string, rows: number, columns: number, deviation: number): readonly ParameterSpec[] => [
    { path: `${path}.weight`, shape: [rows, columns], start: normal(deviation), role: 'matrix' },
    ...(config.biases ? [{ path: `${path}.bias`, shape: [rows], start: constant(0), role: 'vector' } as const] : []),
  ];
  const narrow = 0.02 / Math.sqrt(2 * depth);
  const count = config.experts?.count;
  // Of each expert one matrix, without biases, where there are experts.
  const feedForward = (path: string, rows: number, columns: number, deviation: number): readonly ParameterSpec[] =>
    count === undefined
      ? linear(path, rows, columns, deviation)
      : [{ path: `${path}.weight`, shape: [count, rows, columns], start: normal(deviation), role: 'matrix' }];
  const router = (path: string): readonly ParameterSpec[] =>
    count === undefined
      ? []
      : [{ path: `${path}.weight`, shape: [count, width], start: normal(0.02), role: 'embedding' }];
  const block = (i: number): readonly ParameterSpec[] => [
    ...norm(`blocks.${i}.attention.norm`),
    ...linear(`blocks.${i}.attention.qkv`, (heads + 2 * keyValueHeads) * headWidth, width, 0.02),
    ...linear(`blocks.${i}.attention.output`, width, heads * headWidth, narrow),
    ...norm(`blocks.${i}.feedForward.norm`),
    ...router(`blocks.${i}.feedForward.router`),
    ...(config.activation === 'swiglu'
      ? feedForward(`blocks.${i}.feedForward.gate`, feedForwardWidth, width, 0.02)
      : []),
    ...feedForward(`blocks.${i}.feedForward.up`, feedForwardWidth, width, 0.02),
    ...feedForward(`blocks.${i}.feedForward.down`, width, feedForwardWidth, narrow),
  ];
  return [
    { path: 'embedding.token', shape: [vocabularySize, width], start: normal(0.02), role: 'embedding' },
    ...(config.positions === 'learned'
      ? [{ path: 'embedding.position', shape: [contextLength, width], start: normal(0.02), role: 'embedding' } as const]
      : []),
    ...Array.from({ length: depth }, (_, i) => block(i)).flat(),
    ...norm('norm'),
    ...(config.tiedEmbeddings
      ? []
      : [{ path: 'head.weight', shape: [vocabularySize, width], start: normal(0.02), role: 'embedding' } as const]),
    ...(config.outputBias
      ? [{ path: 'head.bias', shape: [vocabularySize], start: { kind: 'logUnigram' }, role: 'vector' } as const]
      : []),
  ];
}
