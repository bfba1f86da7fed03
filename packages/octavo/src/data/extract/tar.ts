/**
 * Reads the members of a tar stream one after the other, without writing anything: what is never unpacked cannot land
 * outside a folder. ustar, GNU long names and pax paths and sizes are understood; links, devices and unsafe names refused.
 */
import { fail } from '../../core/index.js';
import { limits } from '../limits.js';
import { ByteQueue } from './byte-queue.js';
import type { Bytes } from './decompress.js';

export interface TarMember {
  /** Path inside the archive; in those of npm without its first folder, `package/`. */
  readonly path: string;
  readonly bytes: number;
  /** Its content; what is not read is skipped. Good until the next member is asked for. */
  readonly content: AsyncGenerator<Uint8Array, void, undefined>;
}

const block = 512;

const refuse = (where: string, what: string) =>
  fail('DATA_ARCHIVE_REFUSED', {
    what,
    where,
    remedy: 'use another version of the package, or unpack it by hand and name the files',
  });

const textAt = (header: Buffer, from: number, length: number): string => {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
};

function numberAt(
  header: Buffer,
  place: { readonly from: number; readonly length: number; readonly where: string },
): number {
  const digits = textAt(header, place.from, place.length).trim();
  if (!/^[0-7]*$/.test(digits)) throw refuse(place.where, 'a header of the archive holds a number that is not octal');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function checkHeader(header: Buffer, where: string): void {
  let sum = 0;
  for (let at = 0; at < block; at++) sum += at >= 148 && at < 156 ? 32 : (header[at] ?? 0);
  if (sum !== numberAt(header, { from: 148, length: 8, where }))
    throw refuse(where, 'a header of the archive is damaged');
}

/** `path` and `size` of a pax header: lines of `<length> <key>=<value>\n`. */
function paxFields(content: Buffer, where: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(32, at);
    const length = Number(content.toString('latin1', at, space));
    if (space === -1 || !Number.isInteger(length) || length < space - at + 3 || at + length > content.length) {
      throw refuse(where, 'a pax header of the archive is damaged');
    }
    const line = content.toString('utf8', space + 1, at + length - 1);
    const equals = line.indexOf('=');
    fields.set(line.slice(0, equals), line.slice(equals + 1));
    at += length;
  }
  return fields;
}

/** The parts of a path; `undefined` for all that could point outside. */
function safePath(name: string): readonly string[] | undefined {
  const parts = name
    .replace(/^\.\//, '')
    .replace(/(?<!\/)\/+$/, '')
    .split('/');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here.
  const isUnsafe = (part: string) => part === '' || part === '.' || part === '..' || /[\\\u0000-\u001f:]/.test(part);
  return parts.some(isUnsafe) ? undefined : parts;
}

/** What is left of a member shrinks as it is read, by whoever reads it. */
async function* contentOf(
  queue: ByteQueue,
  rest: { bytes: number },
  where: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  while (rest.bytes > 0) {
    const part = await queue.some(rest.bytes);
    if (part.length === 0) throw refuse(where, 'the archive ends in the middle of a member');
    rest.bytes -= part.length;
    yield part;
  }
}

interface TarOptions {
  readonly keepsFirstFolder?: boolean;
  /** Told of links, devices and unsafe names, which are then passed over; without it the archive is refused. */
  readonly onRefused?: (what: string, member: number) => void;
}

/** The regular files of a tar stream. Errors: DATA_ARCHIVE_REFUSED. */
export async function* readTar(
  input: Bytes,
  where: string,
  { keepsFirstFolder = false, onRefused }: TarOptions = {},
): AsyncGenerator<TarMember, void, undefined> {
  const queue = new ByteQueue(input);
  let total = 0;
  let members = 0;
  let longName: string | undefined;
  let longSize: number | undefined;
  try {
    while (true) {
      const header = await queue.exactly(block);
      if (header.length === 0 || header.every((byte) => byte === 0)) return;
      if (header.length < block) throw refuse(where, 'the archive ends in the middle of a header');
      checkHeader(header, where);
      const bytes = longSize ?? numberAt(header, { from: 124, length: 12, where });
      total += bytes;
      if (++members > limits.archiveMembers || total > limits.archiveBytes || !Number.isSafeInteger(total)) {
        throw refuse(where, `holds more than ${limits.archiveMembers} members or ${limits.archiveBytes} bytes`);
      }
      const kind = String.fromCharCode(header[156] ?? 0);
      if (kind === 'x' || kind === 'g' || kind === 'L') {
        if (bytes > 65_536) throw refuse(where, `holds a header of ${bytes} bytes`);
        const content = await queue.exactly(bytes);
        await queue.exactly((block - (bytes % block)) % block);
        if (kind === 'L') longName = textAt(content, 0, content.length);
        if (kind === 'x') {
          const fields = paxFields(content, where);
          longName = fields.get('path') ?? longName;
          const size = fields.get('size');
          longSize = size === undefined ? undefined : Number(size);
          if (longSize !== undefined && !(Number.isSafeInteger(longSize) && longSize >= 0))
            throw refuse(where, 'a pax size is no size');
        }
        continue;
      }
      const prefix = textAt(header, 345, 155);
      const name = longName ?? (prefix === '' ? '' : `${prefix}/`) + textAt(header, 0, 100);
      const parts = safePath(name);
      longName = undefined;
      longSize = undefined;
      const isFile = kind === '0' || kind === '\0';
      const shown = JSON.stringify(name.slice(0, 100));
      const refusal =
        parts === undefined
          ? `holds a member with an unsafe name: ${shown}`
          : isFile || kind === '5'
            ? undefined
            : `holds ${shown}, which is a link or a device, not a file`;
      if (refusal !== undefined) {
        if (onRefused === undefined) throw refuse(where, refusal);
        onRefused(refusal, members);
      }
      const rest = { bytes };
      if (refusal === undefined && isFile && parts !== undefined) {
        const path = (keepsFirstFolder ? parts : parts.slice(1)).join('/');
        yield { path, bytes, content: contentOf(queue, rest, where) };
      }
      for await (const _ of contentOf(queue, rest, where));
      await queue.exactly((block - (bytes % block)) % block);
    }
  } finally {
    await queue.close();
  }
}
