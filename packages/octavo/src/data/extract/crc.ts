/** Checksums of CRC-32 (IEEE 802.3) and CRC-64 (ECMA-182), the lowest bit first as zip and xz have them. */
const tables = (() => {
  const crc32 = new Uint32Array(256);
  const low = new Uint32Array(256);
  const high = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let word = byte;
    let long = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      word = word & 1 ? (word >>> 1) ^ 0xedb88320 : word >>> 1;
      long = long & 1n ? (long >> 1n) ^ 0xc96c5795d7870f42n : long >> 1n;
    }
    crc32[byte] = word;
    low[byte] = Number(long & 0xffffffffn);
    high[byte] = Number(long >> 32n);
  }
  return { crc32, low, high };
})();

export interface Checksum {
  readonly add: (bytes: Uint8Array) => void;
  /** As it stands in a file, the lowest byte first. */
  readonly bytes: () => Buffer;
}

function advanced(crc: number, bytes: Uint8Array): number {
  let sum = crc;
  for (const byte of bytes) sum = (sum >>> 8) ^ (tables.crc32[(sum ^ byte) & 0xff] ?? 0);
  return sum;
}

export const crc32 = (bytes: Uint8Array): number => ~advanced(0xffffffff, bytes) >>> 0;

export function crc32Checksum(): Checksum {
  let crc = 0xffffffff;
  return {
    add: (bytes) => {
      crc = advanced(crc, bytes);
    },
    bytes: () => Buffer.from(Uint32Array.of(~crc).buffer),
  };
}

export function crc64Checksum(): Checksum {
  let low = 0xffffffff;
  let high = 0xffffffff;
  return {
    add: (bytes) => {
      for (const byte of bytes) {
        const at = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (tables.low[at] ?? 0);
        high = (high >>> 8) ^ (tables.high[at] ?? 0);
      }
    },
    bytes: () => Buffer.from(Uint32Array.of(~low, ~high).buffer),
  };
}
