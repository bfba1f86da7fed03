/** What generation promises to its callers: training samples, evaluation, the terminal chat and the server. */

/** Sampling choices of one request; the defaults are in `defaultSampling`. */
export interface Sampling {
  /** 0 is greedy. */
  readonly temperature: number;
  /** 0 keeps all. */
  readonly topK: number;
  /** 1 keeps all. */
  readonly topP: number;
  /** 0 keeps all; else tokens below `minP` × the highest probability are dropped. */
  readonly minP: number;
  /** 1 does nothing; above 1 divides positive and multiplies negative logits of tokens already seen. */
  readonly repetitionPenalty: number;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  /** Added to logits before sampling, by token id. */
  readonly logitBias: ReadonlyMap<number, number>;
  /** Same seed, prompt and model: same tokens, alone or in a batch. */
  readonly seed: number;
}

export interface GenerationRequest {
  readonly prompt: readonly number[];
  readonly maxTokens: number;
  readonly sampling: Sampling;
  /** Text that ends the answer and is not part of it. */
  readonly stop: readonly string[];
  /** Token ids that end the answer and are not part of it. */
  readonly stopTokens: readonly number[];
  /** How many alternatives to report with each token; undefined for no log-probabilities at all. */
  readonly topLogprobs: number | undefined;
}

export interface TokenLogprob {
  readonly id: number;
  readonly logprob: number;
}

export type GenerationEvent =
  /** One sampled token; `text` is what may be shown now: it never splits a character and holds back a possible stop string. */
  | {
      readonly kind: 'token';
      readonly id: number;
      readonly text: string;
      readonly logprob?: number;
      readonly top?: readonly TokenLogprob[];
    }
  | {
      readonly kind: 'end';
      readonly reason: 'stop' | 'length' | 'cancelled';
      readonly text: string;
      readonly promptTokens: number;
      readonly completionTokens: number;
    };

/** A model that is loaded and has slots: requests beyond the slots wait in order. */
export interface Generator {
  readonly contextLength: number;
  readonly vocabularySize: number;
  readonly slots: number;
  /** Slots in use and requests waiting, now. */
  readonly load: () => { readonly active: number; readonly waiting: number };
  /** Ends with an `end` event; aborting the signal frees the slot within one step and ends with reason `cancelled`. */
  readonly generate: (request: GenerationRequest, signal: AbortSignal) => AsyncIterable<GenerationEvent>;
  readonly close: () => Promise<void>;
}
