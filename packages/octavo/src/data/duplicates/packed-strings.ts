/** Many strings in few large blocks of UTF-8: a tenth of the memory of as many JavaScript strings. */
export interface PackedStrings {
  readonly push: (text: string) => void;
  readonly at: (index: number) => string;
}

const blockBytes = 1 << 20;

export function packedStrings(expected: number): PackedStrings {
  const blocks: Buffer[] = [];
  let used = blockBytes;
  let count = 0;
  /** Block and place of each string, and its bytes. */
  let places = new Float64Array(Math.max(16, expected));
  let lengths = new Uint32Array(places.length);
  return {
    push: (text) => {
      const bytes = Buffer.byteLength(text);
      if (used + bytes > blockBytes) {
        blocks.push(Buffer.allocUnsafe(Math.max(blockBytes, bytes)));
        used = 0;
      }
      if (count === places.length) {
        const more = new Float64Array(2 * count);
        more.set(places);
        places = more;
        const longer = new Uint32Array(2 * count);
        longer.set(lengths);
        lengths = longer;
      }
      blocks.at(-1)?.write(text, used);
      places[count] = (blocks.length - 1) * 2 ** 32 + used;
      lengths[count++] = bytes;
      used += bytes;
    },
    at: (index) => {
      const place = places[index] ?? 0;
      const from = place % 2 ** 32;
      return blocks[Math.floor(place / 2 ** 32)]?.toString('utf8', from, from + (lengths[index] ?? 0)) ?? '';
    },
  };
}
