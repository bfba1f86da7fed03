/**
 * The decoder of LZMA2 chunks: a range coder over adaptive bits, literals and matches in a window. Format: LZMA specification
 * of the LZMA SDK, and LZMA2 as xz has it; every read and every distance is checked.
 */
import { Damaged } from './damaged.js';

const states = 12;
const place = (() => {
  let at = 0;
  const take = (count: number) => {
    const from = at;
    at += count;
    return from;
  };
  const lengths = () => ({ choice: take(2), low: take(16 * 8), middle: take(16 * 8), high: take(256) });
  return {
    isMatch: take(states * 16),
    isRepeat: take(states),
    isRepeat0: take(states),
    isRepeat1: take(states),
    isRepeat2: take(states),
    isLong: take(states * 16),
    slots: take(4 * 64),
    distances: take(128),
    align: take(16),
    matchLengths: lengths(),
    repeatLengths: lengths(),
    literals: at,
  };
})();

/** Bytes that one chunk may unpack to. */
export const chunkBytes = 2 * 1024 * 1024;

export class Lzma {
  #window = new Uint8Array(chunkBytes);
  #at = 0;
  /** Bytes of the window that a match may reach back to. */
  #history = 0;
  #probabilities = new Uint16Array();
  #literalContext = 0;
  #literalMask = 0;
  #placeMask = 0;
  #state = 0;
  #last = [0, 0, 0, 0];
  #packed: Uint8Array = new Uint8Array();
  #packedAt = 0;
  #range = 0;
  #code = 0;

  constructor(readonly dictionaryBytes: number) {}

  forget(): void {
    this.#history = 0;
  }

  /** The byte that says how many bits of place and of the byte before a literal depends on. */
  setProperties(byte: number): void {
    const literalBits = byte % 9;
    const literalPlaceBits = Math.floor(byte / 9) % 5;
    const placeBits = Math.floor(byte / 45);
    if (placeBits > 4 || literalBits + literalPlaceBits > 4) throw new Damaged('a block has no such properties');
    this.#literalContext = literalBits;
    this.#literalMask = (1 << literalPlaceBits) - 1;
    this.#placeMask = (1 << placeBits) - 1;
    this.#probabilities = new Uint16Array(place.literals + (0x300 << (literalBits + literalPlaceBits)));
    this.resetState();
  }

  resetState(): void {
    if (this.#probabilities.length === 0) throw new Damaged('a block does not begin with its properties');
    this.#probabilities.fill(1024);
    this.#state = 0;
    this.#last = [0, 0, 0, 0];
  }

  /** Keeps as much as matches may reach back to, and makes room for a chunk. */
  #makeRoom(bytes: number): void {
    if (this.#at + bytes <= this.#window.length) return;
    const kept = Math.min(this.#history, this.dictionaryBytes);
    if (kept + bytes <= this.#window.length / 2 || this.#window.length >= 2 * this.dictionaryBytes + chunkBytes) {
      this.#window.copyWithin(0, this.#at - kept, this.#at);
    } else {
      const larger = new Uint8Array(2 * this.#window.length);
      larger.set(this.#window.subarray(this.#at - kept, this.#at));
      this.#window = larger;
    }
    this.#at = kept;
  }

  #given(bytes: number): Uint8Array {
    this.#history += bytes;
    return this.#window.slice(this.#at - bytes, this.#at);
  }

  stored(bytes: Uint8Array): Uint8Array {
    this.#makeRoom(bytes.length);
    this.#window.set(bytes, this.#at);
    this.#at += bytes.length;
    return this.#given(bytes.length);
  }

  #bit(at: number): number {
    const probability = this.#probabilities[at] ?? 0;
    const bound = (this.#range >>> 11) * probability;
    let bit = 0;
    if (this.#code < bound) {
      this.#range = bound;
      this.#probabilities[at] = probability + ((2048 - probability) >>> 5);
    } else {
      this.#range -= bound;
      this.#code -= bound;
      this.#probabilities[at] = probability - (probability >>> 5);
      bit = 1;
    }
    if (this.#range < 0x1000000) this.#shift();
    return bit;
  }

  #shift(): void {
    const byte = this.#packed[this.#packedAt++];
    if (byte === undefined) throw new Damaged('a chunk ends too early');
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | byte) >>> 0;
  }

  #tree(from: number, bits: number): number {
    let node = 1;
    for (let bit = 0; bit < bits; bit++) node = (node << 1) | this.#bit(from + node);
    return node - (1 << bits);
  }

  #reversed(from: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let bit = 0; bit < bits; bit++) {
      const next = this.#bit(from + node);
      node = (node << 1) | next;
      value |= next << bit;
    }
    return value;
  }

  #literal(position: number): void {
    const before = this.#history + position === 0 ? 0 : (this.#window[this.#at - 1] ?? 0);
    const context =
      (((this.#history + position) & this.#literalMask) << this.#literalContext) +
      (before >>> (8 - this.#literalContext));
    const from = place.literals + 0x300 * context;
    let node = 1;
    if (this.#state >= 7) {
      let match = this.#window[this.#at - (this.#last[0] ?? 0) - 1] ?? 0;
      while (node < 0x100) {
        const expected = (match >>> 7) & 1;
        match <<= 1;
        const bit = this.#bit(from + ((1 + expected) << 8) + node);
        node = (node << 1) | bit;
        if (bit !== expected) break;
      }
    }
    while (node < 0x100) node = (node << 1) | this.#bit(from + node);
    this.#window[this.#at++] = node & 0xff;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  #length({ choice, low, middle, high }: typeof place.matchLengths, placeState: number): number {
    if (this.#bit(choice) === 0) return 2 + this.#tree(low + 8 * placeState, 3);
    if (this.#bit(choice + 1) === 0) return 10 + this.#tree(middle + 8 * placeState, 3);
    return 18 + this.#tree(high, 8);
  }

  #distance(length: number): number {
    const slot = this.#tree(place.slots + 64 * Math.min(length - 2, 3), 6);
    if (slot < 4) return slot;
    const bits = (slot >>> 1) - 1;
    const base = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < 14) return base + this.#reversed(place.distances + base - slot, bits);
    let direct = 0;
    for (let bit = 4; bit < bits; bit++) {
      this.#range >>>= 1;
      const isOne = this.#code >= this.#range;
      if (isOne) this.#code -= this.#range;
      direct = direct * 2 + (isOne ? 1 : 0);
      if (this.#range < 0x1000000) this.#shift();
    }
    return base + direct * 16 + this.#reversed(place.align, 4);
  }

  /** A match: how long it is; how far back is the first of the last distances. */
  #match(placeState: number): number {
    const state = this.#state;
    const [first = 0, second = 0, third = 0, fourth = 0] = this.#last;
    if (this.#bit(place.isRepeat + state) === 0) {
      const length = this.#length(place.matchLengths, placeState);
      this.#last = [this.#distance(length), first, second, third];
      this.#state = state < 7 ? 7 : 10;
      return length;
    }
    if (this.#bit(place.isRepeat0 + state) === 0) {
      if (this.#bit(place.isLong + 16 * state + placeState) === 0) {
        this.#state = state < 7 ? 9 : 11;
        return 1;
      }
    } else if (this.#bit(place.isRepeat1 + state) === 0) this.#last = [second, first, third, fourth];
    else if (this.#bit(place.isRepeat2 + state) === 0) this.#last = [third, first, second, fourth];
    else this.#last = [fourth, first, second, third];
    this.#state = state < 7 ? 8 : 11;
    return this.#length(place.repeatLengths, placeState);
  }

  /** A chunk of so many bytes, unpacked. Errors: Damaged. */
  chunk(packed: Uint8Array, bytes: number): Uint8Array {
    if (this.#probabilities.length === 0) throw new Damaged('a block does not begin with its properties');
    this.#makeRoom(bytes);
    this.#packed = packed;
    this.#packedAt = 1;
    this.#range = 0xffffffff;
    this.#code = 0;
    for (let byte = 0; byte < 4; byte++) this.#code = ((this.#code << 8) | (packed[this.#packedAt++] ?? 0)) >>> 0;
    for (let position = 0; position < bytes; ) {
      const placeState = (this.#history + position) & this.#placeMask;
      if (this.#bit(place.isMatch + 16 * this.#state + placeState) === 0) {
        this.#literal(position);
        position++;
        continue;
      }
      const length = this.#match(placeState);
      const back = (this.#last[0] ?? 0) + 1;
      if (back > this.#history + position || back > this.dictionaryBytes || length > bytes - position)
        throw new Damaged('a match lies outside the window');
      const from = this.#at - back;
      for (let byte = 0; byte < length; byte++) this.#window[this.#at + byte] = this.#window[from + byte] ?? 0;
      this.#at += length;
      position += length;
    }
    if (this.#code !== 0 || this.#packedAt !== packed.length) throw new Damaged('a chunk does not end where it should');
    return this.#given(bytes);
  }
}
