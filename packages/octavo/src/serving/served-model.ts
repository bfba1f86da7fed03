import type { Generator } from '../generation/index.js';
import type { Tokenizer } from '../text/index.js';

/** A model under the name that clients use. */
export interface ServedModel {
  readonly generator: Generator;
  readonly tokenizer: Tokenizer;
  /** Seconds since the epoch. */
  readonly created: number;
}

const longestTokens = new WeakMap<Tokenizer, number>();

/** Bytes of the longest token. */
export const longestToken = (tokenizer: Tokenizer): number => {
  let longest = longestTokens.get(tokenizer);
  if (longest === undefined) {
    longest = 1;
    for (let id = 0; id < tokenizer.vocabularySize; id++) longest = Math.max(longest, tokenizer.tokenBytes(id).length);
    longestTokens.set(tokenizer, longest);
  }
  return longest;
};
