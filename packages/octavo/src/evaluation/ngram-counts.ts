/**
 * Counts all n-grams of a token stream up to an order. An n-gram has a number within its order; that of order 1 is
 * the token, others are found by (number of the first n − 1 tokens, last token) in a hash table of typed arrays.
 */
import { invariant } from '../core/index.js';

export const absent = -1;

/** One order's table: open addressing, at most two thirds full; the numbers are dense, in order of first sight. */
class NgramTable {
  size = 0;
  /** Of each n-gram: the number of its first n − 1 tokens, its last token, how often it came. */
  prefixes = new Int32Array(1024);
  tokens = new Int32Array(1024);
  counts = new Uint32Array(1024);
  #slots = new Int32Array(2048).fill(absent);

  #slotOf(prefix: number, token: number): number {
    const mask = this.#slots.length - 1;
    let hash = Math.imul(prefix, 0x9e3779b1) ^ Math.imul(token + 0x7f4a7c15, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    let slot = (hash ^ (hash >>> 13)) & mask;
    for (;;) {
      const id = this.#slots[slot] ?? absent;
      if (id === absent || (this.prefixes[id] === prefix && this.tokens[id] === token)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  find(prefix: number, token: number): number {
    return this.#slots[this.#slotOf(prefix, token)] ?? absent;
  }

  /** Counts one more; `size` grows when it is new. */
  add(prefix: number, token: number): number {
    const slot = this.#slotOf(prefix, token);
    const known = this.#slots[slot] ?? absent;
    if (known !== absent) {
      this.counts[known] = (this.counts[known] ?? 0) + 1;
      return known;
    }
    const id = this.size;
    if (id === this.prefixes.length) this.#grow();
    this.prefixes[id] = prefix;
    this.tokens[id] = token;
    this.counts[id] = 1;
    this.size += 1;
    if (this.size * 3 > this.#slots.length * 2) this.#spread();
    else this.#slots[slot] = id;
    return id;
  }

  #grow(): void {
    const longer = <A extends Int32Array | Uint32Array>(array: A, fresh: A): A => {
      fresh.set(array);
      return fresh;
    };
    const length = this.prefixes.length * 2;
    this.prefixes = longer(this.prefixes, new Int32Array(length));
    this.tokens = longer(this.tokens, new Int32Array(length));
    this.counts = longer(this.counts, new Uint32Array(length));
  }

  #spread(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(absent);
    for (let id = 0; id < this.size; id += 1)
      this.#slots[this.#slotOf(this.prefixes[id] ?? 0, this.tokens[id] ?? 0)] = id;
  }
}

/** One order: how many n-grams there are, and of each its context, its count and how many tokens stood before it. */
export interface NgramOrder {
  readonly size: number;
  /** Number of the first n − 1 tokens, in the order below; 0 for order 1, whose only context is the empty one. */
  readonly prefixes: Int32Array;
  readonly counts: Uint32Array;
  /** Distinct tokens seen before the n-gram; all 0 at the highest order, where nobody asks. */
  readonly continuations: Uint32Array;
  readonly find: (prefix: number, token: number) => number;
}

export interface NgramCounts {
  readonly vocabularySize: number;
  readonly tokens: number;
  /** `orders[n − 1]` has the n-grams. */
  readonly orders: readonly NgramOrder[];
}

export function countNgrams(
  ids: Uint16Array | Uint32Array,
  { vocabularySize, maximumOrder }: { readonly vocabularySize: number; readonly maximumOrder: number },
): NgramCounts {
  const tables = Array.from({ length: maximumOrder - 1 }, () => new NgramTable());
  const unigrams = new Uint32Array(vocabularySize);
  const continuations = Array.from({ length: maximumOrder }, () => new Uint32Array(vocabularySize));

  // ending[n − 1]: the number of the n-gram that ends at the token before.
  const ending = new Int32Array(maximumOrder).fill(absent);
  for (const token of ids) {
    invariant(token < vocabularySize, `token ${token} is below the vocabulary size ${vocabularySize}`);
    unigrams[token] = (unigrams[token] ?? 0) + 1;
    let shorter = token;
    let before = ending[0] ?? absent;
    ending[0] = token;
    for (let n = 2; n <= maximumOrder; n += 1) {
      const table = tables[n - 2];
      if (table === undefined || before === absent) break;
      const known = table.size;
      const id = table.add(before, token);
      if (id === known) {
        let seen = continuations[n - 2] ?? unigrams;
        if (shorter >= seen.length) {
          const longer = new Uint32Array(Math.max(seen.length * 2, shorter + 1));
          longer.set(seen);
          continuations[n - 2] = longer;
          seen = longer;
        }
        seen[shorter] = (seen[shorter] ?? 0) + 1;
      }
      before = ending[n - 1] ?? absent;
      ending[n - 1] = id;
      shorter = id;
    }
  }

  const padded = (array: Uint32Array | undefined, size: number): Uint32Array => {
    const exact = new Uint32Array(size);
    if (array !== undefined) exact.set(array.subarray(0, size));
    return exact;
  };
  const first: NgramOrder = {
    size: vocabularySize,
    prefixes: new Int32Array(vocabularySize),
    counts: unigrams,
    continuations: padded(continuations[0], vocabularySize),
    find: (_prefix, token) => token,
  };
  const others = tables.map(
    (table, i): NgramOrder => ({
      size: table.size,
      prefixes: table.prefixes.subarray(0, table.size),
      counts: table.counts.subarray(0, table.size),
      continuations: padded(continuations[i + 1], table.size),
      find: (prefix, token) => table.find(prefix, token),
    }),
  );
  return { vocabularySize, tokens: ids.length, orders: [first, ...others] };
}
