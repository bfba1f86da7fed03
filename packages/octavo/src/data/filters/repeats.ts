/** How much of a sequence occurs again, counted over ids (equal id, equal element). */

/** Gives equal pairs of numbers equal ids, counted from 0: an open table that grows. */
export class PairIds {
  #keys: Int32Array;
  #ids: Int32Array;
  #mask: number;
  count = 0;

  constructor(expected: number) {
    let size = 16;
    while (size < 2 * expected) size *= 2;
    this.#keys = new Int32Array(2 * size);
    this.#ids = new Int32Array(size);
    this.#mask = size - 1;
  }

  /** The table emptied, for at most `expected` pairs. */
  reset(expected: number): void {
    let size = 16;
    while (size < 2 * expected) size *= 2;
    if (size > this.#ids.length) {
      this.#keys = new Int32Array(2 * size);
      this.#ids = new Int32Array(size);
    } else this.#ids.fill(0, 0, size);
    this.#mask = size - 1;
    this.count = 0;
  }

  idOf(a: number, b: number): number {
    let slot = Math.imul(Math.imul(a, 0x9e3779b1) ^ (b + 0x7f4a7c15), 0x85ebca6b);
    slot = (slot ^ (slot >>> 15)) & this.#mask;
    const keys = this.#keys;
    const ids = this.#ids;
    for (;;) {
      const id = ids[slot] ?? 0;
      if (id === 0) {
        ids[slot] = ++this.count;
        keys[2 * slot] = a;
        keys[2 * slot + 1] = b;
        return this.count - 1;
      }
      if (keys[2 * slot] === a && keys[2 * slot + 1] === b) return id - 1;
      slot = (slot + 1) & this.#mask;
    }
  }
}

export interface Repeated {
  /** Elements that occurred before. */
  readonly elements: number;
  /** Their characters. */
  readonly characters: number;
}

/** Strings that are the same as an earlier one. */
export function repeatedStrings(strings: readonly string[]): Repeated {
  const seen = new Set<string>();
  let elements = 0;
  let characters = 0;
  for (const one of strings) {
    if (seen.has(one)) {
      elements++;
      characters += one.length;
    } else seen.add(one);
  }
  return { elements, characters };
}

/** Runs of n words and what they repeat, for growing n: each level is made from the one below. */
export class WordRuns {
  readonly #words: Int32Array;
  readonly #lengths: Int32Array;
  readonly #pairs = new PairIds(16);
  /** Ids of the runs of `#n` words that begin at each word. */
  #runs: Int32Array;
  #distinct: number;
  #n = 1;

  /** `words` are ids from 0 to `distinct` − 1; `lengths` are their characters. */
  constructor(words: Int32Array, lengths: Int32Array, distinct: number) {
    this.#words = words;
    this.#lengths = lengths;
    this.#runs = words.slice();
    this.#distinct = distinct;
  }

  get #count(): number {
    return Math.max(0, this.#words.length - this.#n + 1);
  }

  #growTo(n: number): void {
    while (this.#n < n) {
      this.#n++;
      const count = this.#count;
      // Where no shorter run occurs twice, no longer one does.
      if (this.#distinct >= count + 1) {
        this.#distinct = count;
        continue;
      }
      this.#pairs.reset(count);
      for (let at = 0; at < count; at++)
        this.#runs[at] = this.#pairs.idOf(this.#runs[at] ?? 0, this.#words[at + this.#n - 1] ?? 0);
      this.#distinct = this.#pairs.count;
    }
  }

  #charactersAt(at: number): number {
    let characters = 0;
    for (let n = at; n < at + this.#n; n++) characters += this.#lengths[n] ?? 0;
    return characters;
  }

  /** Characters, spaces between words included, of all places of the run that occurs most often; the first such run. */
  topCharacters(n: number): number {
    this.#growTo(n);
    const count = this.#count;
    if (count === 0) return 0;
    const spaces = n - 1;
    if (this.#distinct === count) return this.#charactersAt(0) + spaces;
    const times = new Int32Array(this.#distinct);
    for (let at = 0; at < count; at++) times[this.#runs[at] ?? 0] = (times[this.#runs[at] ?? 0] ?? 0) + 1;
    let best = 0;
    for (let id = 1; id < times.length; id++) if ((times[id] ?? 0) > (times[best] ?? 0)) best = id;
    const first = this.#runs.indexOf(best);
    return (this.#charactersAt(first) + spaces) * (times[best] ?? 0);
  }

  /** Characters, without spaces, of runs that occurred before; a repeated run is passed over whole. */
  repeatedCharacters(n: number): number {
    this.#growTo(n);
    const count = this.#count;
    if (this.#distinct === count) return 0;
    const seen = new Uint8Array(this.#distinct);
    let characters = 0;
    for (let at = 0; at < count; ) {
      const id = this.#runs[at] ?? 0;
      if (seen[id] === 0) {
        seen[id] = 1;
        at++;
        continue;
      }
      characters += this.#charactersAt(at);
      at += n;
    }
    return characters;
  }
}
