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
  /** Hidden width of the feed-forward part. */
  readonly feedForwardWidth: number;
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
