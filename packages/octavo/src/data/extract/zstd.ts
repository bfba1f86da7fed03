/**
 * zstd through the WebAssembly of the package zstddec. The loop is ours: a stream that is damaged, or that its reader leaves,
 * takes its memory with it, so that one file never spoils the next. Format: RFC 8878; zstd's own limit of 128 MiB a window.
 */
import { ZSTDDecoder } from 'zstddec/stream';
import { Damaged } from './damaged.js';
import type { Bytes } from './decompress.js';
import { inSlices } from './in-slices.js';

const sliceBytes = 65_536;
/** Errors are the highest numbers of 32 bits. */
const firstError = 0xffffff88;
const windowTooLarge = -16 >>> 0;

/** What we use of it; the types of Node do not name it. */
declare const WebAssembly: {
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

let compiling: Promise<object> | undefined;
const compiled = (): Promise<object> => {
  compiling ??= new Promise((resolve, reject) => {
    const decoder = new ZSTDDecoder();
    decoder._init = ({ module }) => resolve(module);
    decoder.init().catch(reject);
  });
  return compiling;
};

class Decoder {
  readonly #exports: Readonly<Record<string, unknown>>;
  readonly #context: number;
  readonly #input: number;
  readonly #output: number;
  readonly #outputBytes: number;
  /** Two structs: place, size and position of input and output. */
  readonly #places: number;
  isAtFrameEnd = true;

  constructor(module: object) {
    const env = { emscripten_notify_memory_growth: () => undefined };
    this.#exports = new WebAssembly.Instance(module, { env }).exports;
    this.#context = this.#call('ZSTD_createDCtx');
    this.#outputBytes = this.#call('ZSTD_DStreamOutSize');
    this.#input = this.#call('malloc', sliceBytes);
    this.#output = this.#call('malloc', this.#outputBytes);
    this.#places = this.#call('malloc', 24);
  }

  #call(name: string, ...values: readonly number[]): number {
    const called = this.#exports[name];
    if (typeof called !== 'function') throw new Error(`zstddec has no ${name}`);
    return Number(Reflect.apply(called, undefined, values)) >>> 0;
  }

  /** Grows with what the stream asks for. */
  get memory(): ArrayBuffer {
    const { memory } = this.#exports;
    const buffer: unknown = typeof memory === 'object' && memory !== null ? Reflect.get(memory, 'buffer') : undefined;
    if (!(buffer instanceof ArrayBuffer)) throw new Error('zstddec has no memory');
    return buffer;
  }

  *outputs(slice: Uint8Array): Generator<Uint8Array, void, undefined> {
    new Uint8Array(this.memory).set(slice, this.#input);
    const input = this.#places;
    const output = input + 12;
    let read = 0;
    let written = 0;
    do {
      const before = new Uint32Array(this.memory);
      before.set([this.#input, slice.length, read, this.#output, this.#outputBytes, 0], input / 4);
      const answer = this.#call('ZSTD_decompressStream', this.#context, output, input);
      if (answer === windowTooLarge)
        throw new Damaged('its window is beyond 128 MiB: unpack it with zstd -d --long=31');
      if (answer >= firstError) throw new Damaged('its zstd data does not decompress');
      const after = new Uint32Array(this.memory);
      const progress = (after[input / 4 + 2] ?? 0) - read;
      read += progress;
      written = after[output / 4 + 2] ?? 0;
      if (progress > 0 || written > 0) this.isAtFrameEnd = answer === 0;
      if (written > 0) yield new Uint8Array(this.memory.slice(this.#output, this.#output + written));
    } while (read < slice.length || written === this.#outputBytes);
  }
}

const idle: Decoder[] = [];
const mostIdleBytes = 64 * 1024 * 1024;

/** Frames one after another. Errors: Damaged. */
export async function* unzstd(input: Bytes): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = idle.pop() ?? new Decoder(await compiled());
  for await (const slice of inSlices(input, sliceBytes)) yield* decoder.outputs(slice);
  if (!decoder.isAtFrameEnd) throw new Damaged('it is cut off');
  if (decoder.memory.byteLength < mostIdleBytes) idle.push(decoder);
}
