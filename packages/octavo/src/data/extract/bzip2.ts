/**
 * bzip2 as a bounded stream, block by block: one block of input and one of output are in memory. Streams that follow one
 * another are joined. Format: bzip2 1.0.8 as decoded by its reference program; every block's checksum is verified.
 */
import { Damaged } from './damaged.js';
import type { Bytes } from './decompress.js';

/** More compressed bytes than any block of 900,000 bytes can take. */
const blockInput = 3 * 1024 * 1024;
const blockMagic = 0x314159265359;
const endMagic = 0x177245385090;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** Bits of a buffer, the highest of each byte first. Reading beyond the end is damage. */
class Bits {
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;
  #held = 0;
  #count = 0;

  get left(): number {
    return this.#bytes.length - this.#at + (this.#count >> 3);
  }

  add(piece: Uint8Array): void {
    this.#bytes = this.#at === this.#bytes.length ? piece : Buffer.concat([this.#bytes.subarray(this.#at), piece]);
    this.#at = 0;
  }

  /** Up to 24 bits. */
  take(count: number): number {
    while (this.#count < count) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Damaged('the data ends in the middle of a block');
      this.#held = ((this.#held << 8) | byte) & 0xffffffff;
      this.#count += 8;
    }
    this.#count -= count;
    return (this.#held >>> this.#count) & ((1 << count) - 1);
  }

  /** The next bits, without taking them; zeros beyond the end. */
  peek(count: number): number {
    while (this.#count < count) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) return (this.#held << (count - this.#count)) & ((1 << count) - 1);
      this.#at++;
      this.#held = ((this.#held << 8) | byte) & 0xffffffff;
      this.#count += 8;
    }
    return (this.#held >>> (this.#count - count)) & ((1 << count) - 1);
  }

  word(): number {
    return ((this.take(16) << 16) | this.take(16)) >>> 0;
  }

  magic(): number {
    return this.take(24) * 0x1000000 + this.take(24);
  }

  toByte(): void {
    this.#count -= this.#count & 7;
  }
}

/** Bits that one look into a table decides; longer codes are rare. */
const tableBits = 10;

interface Code {
  /** By the next `tableBits` bits: the symbol and, in the lowest 5 bits, the length of its code; 0 for a longer one. */
  readonly table: Uint16Array;
  /** By length: the last code of that length, and the place of its symbol less the code. */
  readonly limits: Int32Array;
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
}

function readCode(bits: Bits, symbolCount: number): Code {
  const lengths = new Uint8Array(symbolCount);
  let length = bits.take(5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    while (bits.take(1) === 1) length += bits.take(1) === 0 ? 1 : -1;
    if (length < 1 || length > 20) throw new Damaged('a code has no such length');
    lengths[symbol] = length;
  }
  const limits = new Int32Array(22).fill(-1);
  const bases = new Int32Array(22);
  const symbols = new Uint16Array(symbolCount);
  const table = new Uint16Array(1 << tableBits);
  let code = 0;
  let filled = 0;
  for (let size = 1; size <= 20; size++) {
    bases[size] = filled - code;
    for (let symbol = 0; symbol < symbolCount; symbol++) {
      if (lengths[symbol] !== size) continue;
      symbols[filled++] = symbol;
      if (size <= tableBits)
        table.fill((symbol << 5) | size, code << (tableBits - size), (code + 1) << (tableBits - size));
      code++;
    }
    limits[size] = code - 1;
    if (code > 1 << size) throw new Damaged('a code has too many symbols');
    code <<= 1;
  }
  return { table, limits, bases, symbols };
}

function readSymbol(bits: Bits, { table, limits, bases, symbols }: Code): number {
  const known = table[bits.peek(tableBits)] ?? 0;
  if (known > 0) {
    bits.take(known & 31);
    return known >> 5;
  }
  let code = bits.take(tableBits);
  for (let size = tableBits + 1; size <= 20; size++) {
    code = (code << 1) | bits.take(1);
    const at = code + (bases[size] ?? 0);
    if (code <= (limits[size] ?? -1)) {
      if (at < 0 || at >= symbols.length) break;
      return symbols[at] ?? 0;
    }
  }
  throw new Damaged('a code names no symbol');
}

function readSymbols(bits: Bits): readonly number[] {
  const used: number[] = [];
  const ranges = bits.take(16);
  for (let high = 0; high < 16; high++) {
    if (((ranges >> (15 - high)) & 1) === 0) continue;
    const row = bits.take(16);
    for (let low = 0; low < 16; low++) if (((row >> (15 - low)) & 1) === 1) used.push(16 * high + low);
  }
  if (used.length === 0) throw new Damaged('a block uses no byte');
  return used;
}

function moveToFront(list: Uint8Array, at: number): number {
  const found = list[at];
  if (found === undefined) throw new Damaged('a block names what it does not use');
  if (at < 16) for (let place = at; place > 0; place--) list[place] = list[place - 1] ?? 0;
  else list.copyWithin(1, 0, at);
  list[0] = found;
  return found;
}

/** The last column of the sorted block: each byte with its place, still to be unsorted. */
function readColumn(bits: Bits, column: Uint32Array): number {
  const used = Uint8Array.from(readSymbols(bits));
  const tables = bits.take(3);
  const selectorCount = bits.take(15);
  if (tables < 2 || tables > 6 || selectorCount === 0) throw new Damaged('a block has no such tables');
  const order = Uint8Array.from({ length: tables }, (_, at) => at);
  const selectors = new Uint8Array(selectorCount);
  for (let at = 0; at < selectorCount; at++) {
    let place = 0;
    while (bits.take(1) === 1) if (++place >= tables) throw new Damaged('a block has no such table');
    selectors[at] = moveToFront(order, place);
  }
  const end = used.length + 1;
  const codes = Array.from({ length: tables }, () => readCode(bits, used.length + 2));
  let size = 0;
  let run = 0;
  let runBit = 1;
  const flush = () => {
    if (run === 0) return;
    if (size + run > column.length) throw new Damaged('a block is larger than its header allows');
    column.fill(used[0] ?? 0, size, size + run);
    size += run;
    run = 0;
    runBit = 1;
  };
  for (let group = 0; group < selectorCount; group++) {
    const code = codes[selectors[group] ?? 0];
    if (code === undefined) break;
    for (let at = 0; at < 50; at++) {
      const symbol = readSymbol(bits, code);
      if (symbol <= 1) {
        run += runBit << symbol;
        runBit <<= 1;
        if (run > column.length) throw new Damaged('a block is larger than its header allows');
        continue;
      }
      flush();
      if (symbol === end) return size;
      if (size >= column.length) throw new Damaged('a block is larger than its header allows');
      column[size++] = moveToFront(used, symbol - 1);
    }
  }
  throw new Damaged('a block has no end');
}

/** Of a block this much is held back until its checksum was verified; text rarely unpacks to more. */
const verifiedBytes = 1024 * 1024;

/** One block's bytes, in pieces of 64 KiB. Runs of four equal bytes are followed by how many more there are. */
function* readBlock(bits: Bits, column: Uint32Array): Generator<Uint8Array, void, undefined> {
  const expected = bits.word();
  if (bits.take(1) === 1) throw new Damaged('a block is randomised, which no program has written since 1996');
  const origin = bits.take(24);
  const size = readColumn(bits, column);
  if (origin >= size) throw new Damaged('a block begins outside itself');
  const starts = new Uint32Array(257);
  for (let at = 0; at < size; at++) {
    const place = ((column[at] ?? 0) & 0xff) + 1;
    starts[place] = (starts[place] ?? 0) + 1;
  }
  for (let byte = 1; byte <= 256; byte++) starts[byte] = (starts[byte] ?? 0) + (starts[byte - 1] ?? 0);
  for (let at = 0; at < size; at++) {
    const byte = (column[at] ?? 0) & 0xff;
    const place = starts[byte] ?? 0;
    starts[byte] = place + 1;
    column[place] = ((column[place] ?? 0) & 0xff) | (at << 8);
  }
  let out = new Uint8Array(65_536);
  let filled = 0;
  const held: Uint8Array[] = [];
  let crc = 0xffffffff;
  let entry = (column[origin] ?? 0) >>> 8;
  let before = -1;
  let repeats = 0;
  for (let at = 0; at < size; at++) {
    const next = column[entry] ?? 0;
    const byte = next & 0xff;
    entry = next >>> 8;
    let count = 1;
    let value = byte;
    if (repeats === 4) {
      count = byte;
      value = before;
      repeats = 0;
      before = -1;
    } else if (byte === before) repeats++;
    else {
      before = byte;
      repeats = 1;
    }
    for (; count > 0; count--) {
      crc = (crc << 8) ^ (crcTable[((crc >>> 24) ^ value) & 0xff] ?? 0);
      out[filled++] = value;
      if (filled < out.length) continue;
      held.push(out);
      if (held.length * out.length > verifiedBytes) yield* held.splice(0);
      out = new Uint8Array(65_536);
      filled = 0;
    }
  }
  if (~crc >>> 0 !== expected) throw new Damaged('a checksum does not fit');
  yield* held;
  if (filled > 0) yield out.subarray(0, filled);
}

/** Errors: Damaged, which says what. */
export async function* unbzip2(input: Bytes): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = input[Symbol.asyncIterator]();
  const bits = new Bits();
  let ended = false;
  const fill = async () => {
    const parts: Uint8Array[] = [];
    let held = bits.left;
    while (!ended && held < blockInput) {
      const next = await pieces.next();
      if (next.done === true) ended = true;
      else {
        parts.push(next.value);
        held += next.value.length;
      }
    }
    if (parts.length > 0) bits.add(Buffer.concat(parts));
  };
  try {
    for (let stream = 0; ; stream++) {
      await fill();
      if (stream > 0 && bits.left === 0) return;
      const head = bits.take(24);
      const level = bits.take(8) - 0x30;
      if (head !== 0x425a68 || level < 1 || level > 9) throw new Damaged('it does not begin as bzip2 does');
      const column = new Uint32Array(100_000 * level);
      while (true) {
        await fill();
        const magic = bits.magic();
        if (magic === endMagic) break;
        if (magic !== blockMagic) throw new Damaged('a block does not begin as one does');
        yield* readBlock(bits, column);
      }
      bits.word();
      bits.toByte();
    }
  } finally {
    await pieces.return?.();
  }
}
