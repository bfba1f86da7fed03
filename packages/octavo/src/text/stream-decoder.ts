import type { Tokenizer } from './tokenizer.js';

/** Turns ids into text as they come, without ever showing half a character. */
export interface StreamDecoder {
  /** The text that this token completes; empty while a character is not yet whole. */
  readonly push: (id: number) => string;
  /** What is left: U+FFFD if the last character never became whole. The decoder can then be used anew. */
  readonly end: () => string;
}

export const createStreamDecoder = (tokenizer: Pick<Tokenizer, 'decodeBytes'>): StreamDecoder => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    push: (id) => decoder.decode(tokenizer.decodeBytes([id]), { stream: true }),
    end: () => decoder.decode(),
  };
};
