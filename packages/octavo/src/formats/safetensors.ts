import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fail } from '../core/index.js';
import { type Piece, writePiecesAtomic } from './atomic-stream.js';
import {
  maximumHeaderBytes,
  parseSafetensorsHeader,
  type SafetensorsDtype,
  type SafetensorsHeader,
  safetensorsDtypes,
  tensorBytes,
} from './safetensors-header.js';

export interface TensorToWrite {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Little-endian, row by row; a function is called when its turn comes. */
  readonly data: Piece;
}

export interface SafetensorsFile extends SafetensorsHeader {
  /** A copy of one tensor's bytes, aligned for any typed array. Errors: TENSOR_ABSENT, FILE_INVALID. */
  readonly read: (name: string) => Uint8Array;
  readonly close: () => void;
}

const prefixBytes = 8;
const dtypeOrder = Object.keys(safetensorsDtypes);
const rank = (dtype: SafetensorsDtype): number => dtypeOrder.indexOf(dtype);

/**
 * Writes tensors atomically; the widest dtypes come first, in the reference writer's order, so that every tensor
 * is aligned and the bytes are those that it would write. Returns the file's bytes. Errors: TENSOR_INVALID, FILE_NOT_WRITTEN.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<number> {
  const refuse = (name: string, what: string) =>
    fail('TENSOR_INVALID', { what: `tensor ${JSON.stringify(name)} ${what}`, where: path });

  const order = [...tensors].sort(
    (a, b) => rank(b.dtype) - rank(a.dtype) || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  );
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set('__metadata__', metadata);
  const pieces: Piece[] = [];
  let end = 0;
  for (const { name, dtype, shape, data } of order) {
    if (header.has(name) || name === '__metadata__') throw refuse(name, 'comes twice, or has a reserved name');
    if (Buffer.from(name).toString() !== name) throw refuse(name, 'has a name that is not valid Unicode');
    const bytes = tensorBytes(dtype, shape);
    if (bytes === undefined) throw refuse(name, `has the impossible shape [${shape.join(', ')}]`);
    header.set(name, { dtype, shape, data_offsets: [end, end + bytes] });
    end += bytes;
    pieces.push(async () => {
      const written = typeof data === 'function' ? await data() : data;
      if (written.length !== bytes)
        throw refuse(name, `is ${dtype} [${shape.join(', ')}], ${bytes} bytes, but was given ${written.length}`);
      return written;
    });
  }

  // A plain object would move names such as "7" to the front and swallow "__proto__"; order is part of the bytes.
  const entries = [...header].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const json = `{${entries.join(',')}}`;
  const padded = new TextEncoder().encode(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)));
  if (padded.length > maximumHeaderBytes)
    throw fail('TENSOR_INVALID', {
      what: `the header would be ${padded.length} bytes`,
      where: path,
      remedy: 'split the tensors over several files',
    });
  const prefix = new Uint8Array(prefixBytes);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(padded.length), true);
  return writePiecesAtomic(path, [prefix, padded, ...pieces]);
}

function readExactly(
  descriptor: number,
  { position, bytes, where }: { readonly position: number; readonly bytes: number; readonly where: string },
): Uint8Array {
  const target = new Uint8Array(bytes);
  let done = 0;
  while (done < bytes) {
    const length = Math.min(bytes - done, 2 ** 30);
    const count = readSync(descriptor, target, done, length, position + done);
    if (count === 0) throw fail('FILE_INVALID', { what: 'the file became shorter while it was read', where });
    done += count;
  }
  return target;
}

function readHeader(descriptor: number, where: string): SafetensorsHeader {
  const stat = fstatSync(descriptor);
  const refuse = (what: string) =>
    fail('FILE_INVALID', { what, where, remedy: 'the file is cut off or is not safetensors: get it again' });
  if (!stat.isFile()) throw refuse('this is not a regular file');
  if (stat.size < prefixBytes + 2) throw refuse(`${stat.size} bytes are too few for a safetensors file`);
  const prefix = readExactly(descriptor, { position: 0, bytes: prefixBytes, where });
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > BigInt(stat.size - prefixBytes))
    throw refuse(`the header claims ${length} bytes of a file of ${stat.size}`);
  if (length > BigInt(maximumHeaderBytes))
    throw refuse(`a header of ${length} bytes is above the limit of ${maximumHeaderBytes}`);
  const dataStart = prefixBytes + Number(length);
  const json = readExactly(descriptor, { position: prefixBytes, bytes: Number(length), where });
  return parseSafetensorsHeader(json, { where, dataStart, dataBytes: stat.size - dataStart });
}

/** Opens and checks a file; tensors are read when asked for. Close it. Errors: FILE_UNREADABLE, FILE_INVALID. */
export function openSafetensors(path: string): SafetensorsFile {
  let descriptor: number;
  try {
    // Non-blocking, so that a named pipe cannot hold us up before we see that it is none of ours.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw fail('FILE_UNREADABLE', {
      what: 'cannot open the file',
      where: path,
      remedy: 'check the path and its permissions',
      cause,
    });
  }
  let header: SafetensorsHeader;
  try {
    header = readHeader(descriptor, path);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  const { tensors, metadata } = header;
  let open = true;
  return {
    tensors,
    metadata,
    read: (name) => {
      const entry = tensors.get(name);
      if (entry === undefined)
        throw fail('TENSOR_ABSENT', {
          what: `there is no tensor ${JSON.stringify(name)}`,
          where: path,
          remedy: `the file has ${[...tensors.keys()].slice(0, 5).join(', ')}${tensors.size > 5 ? `, … (${tensors.size})` : ''}`,
        });
      if (!open) throw fail('INTERNAL', { what: 'a closed file was read', where: path });
      return readExactly(descriptor, { position: entry.offset, bytes: entry.bytes, where: path });
    },
    close: () => {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}
