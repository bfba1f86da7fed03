/** How the feed-forward parts of a mixture of experts are shared out. */
export interface ExpertsConfig {
  readonly count: number;
  /** Experts that a token goes to. */
  readonly active: number;
  /** Rows of an expert in training, as a multiple of its even share; what is over is dropped. 0 drops nothing. */
  readonly capacityFactor: number;
  readonly scoring: 'softmax' | 'sigmoid';
  /** Whether the weights of a token's experts are brought to sum 1. */
  readonly normalise: boolean;
  /** Weight of the load-balancing loss, a mean over layers. */
  readonly balance: number;
  /** Weight of the router z-loss, a mean over layers. */
  readonly routerZ: number;
}

/** Every choice of a GPT, as plain values; GPT-2 and Llama are special cases (see presets.ts). */
export interface GptConfig {
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly depth: number;
  readonly width: number;
  readonly heads: number;
  /** Fewer than `heads`: grouped-query attention. */
  readonly keyValueHeads: number;
  /** Usually width / heads. */
  readonly headWidth: number;
  /** Hidden width of the feed-forward part, or of each expert. */
  readonly feedForwardWidth: number;
  /** Experts without biases in place of each feed-forward part; absent where one serves every token. */
  readonly experts?: ExpertsConfig | undefined;
  readonly positions: 'learned' | 'rotary';
  readonly rotaryBase: number;
  readonly norm: 'layer' | 'rms';
  readonly normEpsilon: number;
  readonly activation: 'gelu' | 'gelu-tanh' | 'relu-squared' | 'swiglu';
  readonly biases: boolean;
  readonly tiedEmbeddings: boolean;
  /** RMS-normalise queries and keys per head, without gains. */
  readonly queryKeyNorm: boolean;
  /** A bias on the logits, started at log unigram frequencies. */
  readonly outputBias: boolean;
  readonly dropout: number;
}

/** The model as it is used: nothing is dropped, no activations and no tokens of experts. */
export const inUse = (config: GptConfig): GptConfig => ({
  ...config,
  dropout: 0,
  ...(config.experts === undefined ? {} : { experts: { ...config.experts, capacityFactor: 0 } }),
});
