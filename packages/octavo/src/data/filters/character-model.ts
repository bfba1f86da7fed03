import { characterLogarithm, characterTable, learnCharacters } from '../../text/index.js';

/**
 * A character model of a corpus: counts of runs of 1 to 4 characters in a hashed table of fixed size, interpolated after
 * Witten and Bell (1991). Texts unlike the rest of the corpus get a high perplexity.
 */
export interface CharacterModel {
  /** All that it has learned. */
  readonly table: Uint32Array;
  readonly learn: (text: string) => void;
  /** exp of the mean surprise a character. */
  readonly perplexity: (text: string) => number;
}

/** Only so much of a long text is looked at: it is enough to know its kind. */
const mostCharacters = 16_384;

export function characterModel(): CharacterModel {
  const table = characterTable();
  return {
    table,
    learn: (text) => learnCharacters(table, text),
    perplexity: (text) =>
      text === '' ? 1 : Math.exp(-characterLogarithm(table, text) / Math.min(text.length, mostCharacters)),
  };
}
