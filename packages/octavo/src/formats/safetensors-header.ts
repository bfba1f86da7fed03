/**
 * The header of a safetensors file: 8 bytes little-endian length, then JSON, then the tensors' bytes.
 * Everything is checked before anything is allocated: known dtypes, checked products, each byte of the data
 * belongs to exactly one tensor. Source: the format's README, https://github.com/huggingface/safetensors.
 */
import { fail } from '../core/index.js';
import { parseStrictJson, type StrictJson } from './strict-json.js';

/** Bytes an element by dtype, in the order of the reference implementation (files list the last first). */
export const safetensorsDtypes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;
export type SafetensorsDtype = keyof typeof safetensorsDtypes;

export interface TensorEntry {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Room for about 150,000 tensors; also what keeps a hostile file from filling the memory with names. */
export const maximumHeaderBytes = 16 * 2 ** 20;
const maximumRank = 16;

export const isSafetensorsDtype = (name: unknown): name is SafetensorsDtype =>
  typeof name === 'string' && Object.hasOwn(safetensorsDtypes, name);

/** Elements × bytes an element, or undefined when a size is not a whole number ≥ 0 or the product is not exact. */
export function tensorBytes(dtype: SafetensorsDtype, shape: readonly number[]): number | undefined {
  let bytes: number = safetensorsDtypes[dtype];
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return undefined;
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return bytes;
}

const isNumbers = (value: StrictJson | undefined): value is readonly number[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'number');

/** Reads the JSON of a header whose data starts at `dataStart` and is `dataBytes` long. Errors: FILE_INVALID. */
export function parseSafetensorsHeader(
  json: Uint8Array,
  { where, dataStart, dataBytes }: { readonly where: string; readonly dataStart: number; readonly dataBytes: number },
): SafetensorsHeader {
  const refuse = (what: string) =>
    fail('FILE_INVALID', {
      what,
      where,
      remedy: 'the file is damaged or was not written as safetensors: get it again',
    });

  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
  } catch {
    throw refuse('the header is not UTF-8');
  }
  if (!text.startsWith('{')) throw refuse('the header does not start with {');
  const root = parseStrictJson(text, { where, maximumDepth: 4 });
  if (!(root instanceof Map)) throw refuse('the header is not an object');

  const readMetadata = (value: StrictJson): ReadonlyMap<string, string> => {
    const metadata = new Map<string, string>();
    if (!(value instanceof Map)) throw refuse('__metadata__ is not an object');
    for (const [key, item] of value) {
      if (typeof item !== 'string') throw refuse(`__metadata__.${key} is not text`);
      metadata.set(key, item);
    }
    return metadata;
  };

  const readEntry = (name: string, value: StrictJson): TensorEntry => {
    const tensor = `tensor ${JSON.stringify(name.slice(0, 200))}`;
    if (!(value instanceof Map)) throw refuse(`${tensor} is not described by an object`);
    const [dtype, shape, offsets] = [value.get('dtype'), value.get('shape'), value.get('data_offsets')];
    if (value.size !== 3) throw refuse(`${tensor} must have dtype, shape and data_offsets and nothing else`);
    if (!isSafetensorsDtype(dtype)) throw refuse(`${tensor} has the unknown dtype ${JSON.stringify(dtype)}`);
    if (!isNumbers(shape) || shape.length > maximumRank) throw refuse(`${tensor} has no usable shape`);
    const bytes = tensorBytes(dtype, shape);
    if (bytes === undefined) throw refuse(`${tensor} has a size that is negative, fractional or too large`);
    const [begin, end] = isNumbers(offsets) && offsets.length === 2 ? offsets : [];
    if (begin === undefined || end === undefined || !Number.isSafeInteger(begin) || !Number.isSafeInteger(end))
      throw refuse(`${tensor} has no usable data_offsets`);
    if (begin < 0 || end < begin || end > dataBytes)
      throw refuse(`${tensor} lies at bytes ${begin} to ${end} of ${dataBytes}`);
    if (end - begin !== bytes)
      throw refuse(`${tensor} is ${dtype} [${shape.join(', ')}], ${bytes} bytes, but has ${end - begin}`);
    return { dtype, shape, offset: dataStart + begin, bytes };
  };

  let metadata: ReadonlyMap<string, string> = new Map();
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of root) {
    if (name === '__metadata__') metadata = readMetadata(value);
    else tensors.set(name, readEntry(name, value));
  }

  let covered = dataStart;
  const byOffset = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes);
  for (const [name, { offset, bytes }] of byOffset) {
    if (offset !== covered)
      throw refuse(
        `tensor ${JSON.stringify(name)} ${offset > covered ? 'leaves a gap before it' : 'overlaps another'}`,
      );
    covered = offset + bytes;
  }
  if (covered !== dataStart + dataBytes) throw refuse(`${dataStart + dataBytes - covered} bytes belong to no tensor`);
  return { tensors, metadata };
}
