import type { Bytes } from './decompress.js';

/** Takes exact numbers of bytes from a stream of pieces. */
export class ByteQueue {
  #piece: Uint8Array = new Uint8Array();
  readonly #pieces: AsyncIterator<Uint8Array>;

  constructor(input: Bytes) {
    this.#pieces = input[Symbol.asyncIterator]();
  }

  /** Up to `most` bytes, at least one unless the stream has ended. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#piece.length === 0) {
      const next = await this.#pieces.next();
      if (next.done === true) return new Uint8Array();
      this.#piece = next.value;
    }
    const taken = this.#piece.subarray(0, most);
    this.#piece = this.#piece.subarray(taken.length);
    return taken;
  }

  /** `count` bytes, or fewer at the end of the stream. */
  async exactly(count: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let left = count; left > 0; ) {
      const part = await this.some(left);
      if (part.length === 0) break;
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}
