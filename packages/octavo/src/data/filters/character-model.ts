/**
 * A character model of a corpus: counts of runs of 1 to 4 characters in a hashed table of fixed size, interpolated after
 * Witten and Bell (1991). Texts unlike the rest of the corpus get a high perplexity.
 */
const order = 4;
const slots = 1 << 20;

export interface CharacterModel {
  readonly learn: (text: string) => void;
  /** exp of the mean surprise a character. */
  readonly perplexity: (text: string) => number;
}

/** Only so much of a long text is looked at: it is enough to know its kind. */
const mostCharacters = 16_384;

export function characterModel(): CharacterModel {
  /** How often a run of characters was seen, and how often, and by how many kinds of character, it was followed. */
  const runs = new Uint32Array(slots);
  const followed = new Uint32Array(slots);
  const kinds = new Uint32Array(slots);
  const slotOf = (hash: number, length: number): number => {
    let mixed = Math.imul(hash ^ Math.imul(length, 0x9e3779b1), 0x85ebca6b);
    mixed ^= mixed >>> 15;
    return (Math.imul(mixed, 0xc2b2ae35) >>> 12) & (slots - 1);
  };
  const extend = (hash: number, code: number): number => (Math.imul(hash, 0x01000193) ^ code) | 0;
  return {
    learn: (text) => {
      const end = Math.min(text.length, mostCharacters);
      for (let at = 0; at < end; at++) {
        const code = text.charCodeAt(at);
        // Contexts grow backwards, so that each is one step from the shorter one.
        let context = 17;
        for (let length = 0; length < order && length <= at; length++) {
          if (length > 0) context = extend(context, text.charCodeAt(at - length));
          const before = slotOf(context, length);
          const run = slotOf(extend(context, code), length + order);
          if (runs[run] === 0) kinds[before] = (kinds[before] ?? 0) + 1;
          runs[run] = (runs[run] ?? 0) + 1;
          followed[before] = (followed[before] ?? 0) + 1;
        }
      }
    },
    perplexity: (text) => {
      const end = Math.min(text.length, mostCharacters);
      let surprise = 0;
      for (let at = 0; at < end; at++) {
        const code = text.charCodeAt(at);
        let probability = 1 / 65_536;
        let context = 17;
        for (let length = 0; length < order && length <= at; length++) {
          if (length > 0) context = extend(context, text.charCodeAt(at - length));
          const before = slotOf(context, length);
          const total = followed[before] ?? 0;
          if (total === 0) break;
          const distinct = kinds[before] ?? 0;
          const seen = runs[slotOf(extend(context, code), length + order)] ?? 0;
          probability = (Math.min(seen, total) + distinct * probability) / (total + distinct);
        }
        surprise -= Math.log(probability);
      }
      return end === 0 ? 1 : Math.exp(surprise / end);
    },
  };
}
