/** Reads WARC 1.0 and 1.1, record by record, in bounded memory: what is larger than wanted is read over. */
import { fail } from '../../core/index.js';
import type { Bytes } from '../extract/decompress.js';

export interface WarcRecord {
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Absent where the block is larger than the caller takes. */
  readonly block: Uint8Array | undefined;
  readonly blockBytes: number;
}

const headerBytes = 64 * 1024;

const damaged = (where: string, what: string) =>
  fail('DATA_SOURCE', {
    what: `is damaged: ${what}`,
    where,
    remedy: 'fetch the file again, or leave it out of data.sources',
  });

/** A window over a stream that gives lines and runs of bytes. */
function windowOver(input: Bytes) {
  const iterator = input[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array();
  const more = async (): Promise<boolean> => {
    const next = await iterator.next();
    if (next.done === true) return false;
    held = held.length === 0 ? next.value : Buffer.concat([held, next.value]);
    return true;
  };
  return {
    /** A line without its end, `undefined` at the end of input; longer than `most` is `too-long`. */
    line: async (most: number): Promise<string | undefined | 'too-long'> => {
      let from = 0;
      for (;;) {
        const end = held.indexOf(10, from);
        if (end !== -1) {
          if (end > most) return 'too-long';
          const text = Buffer.from(held.subarray(0, end)).toString('utf8').replace(/\r$/, '');
          held = held.subarray(end + 1);
          return text;
        }
        if (held.length > most) return 'too-long';
        from = held.length;
        if (!(await more())) {
          if (held.length === 0) return undefined;
          const text = Buffer.from(held).toString('utf8');
          held = new Uint8Array();
          return text;
        }
      }
    },
    /** Exactly so many bytes, kept or passed over; `undefined` when input ends before. */
    take: async (bytes: number, keep: boolean): Promise<Uint8Array | undefined> => {
      const parts: Uint8Array[] = [];
      let missing = bytes;
      while (missing > 0) {
        if (held.length === 0 && !(await more())) return undefined;
        const part = held.subarray(0, missing);
        if (keep) parts.push(part);
        missing -= part.length;
        held = held.subarray(part.length);
      }
      return Buffer.concat(parts);
    },
    close: async () => {
      await iterator.return?.();
    },
  };
}

/** Folded lines and unknown names are taken; a name that comes twice keeps its first value. */
async function readHeaders(
  line: (most: number) => Promise<string | undefined>,
): Promise<ReadonlyMap<string, string> | undefined> {
  const headers = new Map<string, string>();
  let last = '';
  let bytes = 0;
  for (;;) {
    const text = await line(headerBytes);
    if (text === undefined || text === 'too-long') return undefined;
    bytes += text.length;
    if (bytes > headerBytes) return undefined;
    if (text === '') return headers;
    if (/^[ \t]/.test(text)) {
      headers.set(last, `${headers.get(last) ?? ''} ${text.trim()}`);
      continue;
    }
    const colon = text.indexOf(':');
    if (colon <= 0) continue;
    last = text.slice(0, colon).trim().toLowerCase();
    if (!headers.has(last)) headers.set(last, text.slice(colon + 1).trim());
  }
}

/** Records in the order of the file; blocks of more than `mostBytes` are passed over. Errors: DATA_SOURCE. */
export async function* readWarc(
  input: Bytes,
  { where, mostBytes }: { readonly where: string; readonly mostBytes: number },
): AsyncGenerator<WarcRecord, void, undefined> {
  const bytes = windowOver(input);
  let number = 0;
  try {
    for (;;) {
      let version = await bytes.line(headerBytes);
      while (version === '') version = await bytes.line(headerBytes);
      if (version === undefined) return;
      number++;
      if (!/^WARC\/\d/.test(version)) throw damaged(where, `record ${number} does not begin with WARC/`);
      const headers = await readHeaders(bytes.line);
      if (headers === undefined) throw damaged(where, `the headers of record ${number} do not end`);
      const length = headers.get('content-length') ?? '';
      if (!/^\d{1,15}$/.test(length)) throw damaged(where, `record ${number} has no length`);
      const blockBytes = Number(length);
      const keep = blockBytes <= mostBytes;
      const block = await bytes.take(blockBytes, keep);
      if (block === undefined) throw damaged(where, `record ${number} is cut off`);
      yield { headers, block: keep ? block : undefined, blockBytes };
    }
  } finally {
    await bytes.close();
  }
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** The response inside a record, or `undefined` for a block that is none. */
export function parseHttp(block: Uint8Array): HttpResponse | undefined {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.length);
  const crlf = bytes.indexOf('\r\n\r\n');
  const lf = bytes.indexOf('\n\n');
  const isCrlf = crlf !== -1 && (lf === -1 || crlf < lf);
  const end = isCrlf ? crlf : lf;
  if (end === -1 || end > 4 * headerBytes) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split(/\r?\n/);
  const status = Number(/^HTTP\/\d(?:\.\d)? (\d{3})/.exec(first)?.[1]);
  if (!Number.isInteger(status)) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return { status, headers, body: bytes.subarray(end + (isCrlf ? 4 : 2)) };
}
