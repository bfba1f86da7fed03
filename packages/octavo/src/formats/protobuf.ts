/**
 * Writes protocol buffers: a message is its fields one after another, each a key (number × 8 + wire type) and a value.
 * Large byte fields are kept by reference and copied once, at the end.
 * Source: https://protobuf.dev/programming-guides/encoding/.
 */
export interface Message {
  readonly bytes: number;
  readonly chunks: readonly Uint8Array[];
}

const varint = (value: bigint): Uint8Array => {
  const digits: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    digits.push(rest === 0n ? low : low | 128);
  } while (rest !== 0n);
  return Uint8Array.from(digits);
};

const key = (field: number, wireType: 0 | 2 | 5) => varint(BigInt(field * 8 + wireType));

export const message = (...parts: readonly Message[]): Message => ({
  bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
  chunks: parts.flatMap((part) => part.chunks),
});

const fromChunks = (...chunks: readonly Uint8Array[]): Message => ({
  bytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
  chunks,
});

/** An integer or an enum; negative ones take ten bytes, as the format wants. */
export const integer = (field: number, value: number | bigint): Message =>
  fromChunks(key(field, 0), varint(BigInt(value)));

export const float = (field: number, value: number): Message => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return fromChunks(key(field, 5), bytes);
};

export const blob = (field: number, value: Uint8Array): Message =>
  fromChunks(key(field, 2), varint(BigInt(value.length)), value);

export const text = (field: number, value: string): Message => blob(field, new TextEncoder().encode(value));

/** A message inside a message. */
export const nested = (field: number, inner: Message): Message =>
  message(fromChunks(key(field, 2), varint(BigInt(inner.bytes))), inner);

/** A field that repeats: one entry an item, in order. */
export const repeated = <Item>(items: Iterable<Item>, entry: (item: Item) => Message): Message =>
  message(...[...items].map(entry));

export function encodeMessage({ bytes, chunks }: Message): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
