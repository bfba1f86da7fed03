/** S3 and what speaks like it: ListObjectsV2, ranges, single and multipart uploads. Each request is signed (AWS signature 4). */
import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import { fail } from '../../core/index.js';
import {
  type Blob,
  type BlobContext,
  type BlobStore,
  checkedPath,
  joined,
  mostBlobs,
  sortedByPath,
  tooManyBlobs,
} from './blobs.js';
import { type BlobAnswer, type BlobRequest, blobAgent, resumed, send, unreachable } from './http.js';
import { readS3Answer, type S3Answer } from './s3-xml.js';

export interface S3Place {
  readonly kind: 's3';
  readonly bucket: string;
  /** Begins the keys; empty for all. */
  readonly root: string;
}

export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface S3Service {
  readonly endpoint: URL;
  readonly region: string;
  readonly pathStyle: boolean;
  /** Absent: requests are not signed, as public buckets have it. */
  readonly keys?: S3Keys | undefined;
}

/** S3 takes 10,000 parts; the parts grow, so that they suffice for 900 GiB. */
const partBytes = (part: number): number => 8 * 1024 * 1024 * 2 ** Math.min(4, Math.floor((part - 1) / 1000));
const mostParts = 10_000;

const encoded = (part: string): string =>
  encodeURIComponent(part).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Pieces of the sizes that parts have; the last may be smaller, and one comes even of nothing. */
async function* inParts(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly part: Uint8Array; readonly isLast: boolean }> {
  let held: Uint8Array[] = [];
  let size = 0;
  let number = 1;
  for await (const piece of bytes) {
    held.push(piece);
    size += piece.length;
    while (size > partBytes(number)) {
      const all = Buffer.concat(held);
      const cut = partBytes(number++);
      yield { part: all.subarray(0, cut), isLast: false };
      held = [all.subarray(cut)];
      size -= cut;
    }
  }
  yield { part: Buffer.concat(held), isLast: true };
}

export function s3(
  { bucket, root }: S3Place,
  { endpoint, region, pathStyle, keys }: S3Service,
  { signal }: BlobContext,
): BlobStore {
  const url = `s3://${joined(bucket, root)}`;
  const agent = blobAgent();
  const prefix = endpoint.pathname.replace(/\/+$/, '');
  const base = pathStyle
    ? `${endpoint.origin}${prefix}/${bucket}/`
    : `${endpoint.protocol}//${bucket}.${endpoint.host}${prefix}/`;
  const full = (path: string): string => joined(root, checkedPath(path));

  const ask = async (
    method: BlobRequest['method'],
    key: string,
    {
      query = {},
      headers = {},
      body,
    }: {
      readonly query?: Readonly<Record<string, string>>;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array;
    } = {},
  ): Promise<BlobAnswer> => {
    const asked = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
    const address = `${base}${key.split('/').map(encoded).join('/')}${asked.length === 0 ? '' : `?${asked.join('&')}`}`;
    const given = { ...headers, 'x-amz-content-sha256': sha256Of(body ?? new Uint8Array()) };
    const make = async (): Promise<BlobRequest> => {
      if (keys === undefined) return { method, url: address, headers, ...(body === undefined ? {} : { body }) };
      const signed = await new AwsV4Signer({
        ...keys,
        method,
        url: address,
        headers: given,
        service: 's3',
        region,
      }).sign();
      return {
        method,
        url: signed.url.href,
        headers: Object.fromEntries(signed.headers),
        ...(body === undefined ? {} : { body }),
      };
    };
    return send(make, { agent, signal, where: `s3://${joined(bucket, key)}` });
  };

  const refusal = (answer: S3Answer, status: number, key: string) => {
    const where = `s3://${joined(bucket, key)}`;
    const code = answer.text.get('Code') ?? `status ${status}`;
    const what = `${code}: ${(answer.text.get('Message') ?? '').slice(0, 300)}`;
    if (code === 'NoSuchBucket')
      return fail('BLOB_ABSENT', {
        what: `there is no bucket ${bucket}`,
        where,
        remedy: 'make it, or correct its name',
      });
    if (status === 404) return fail('BLOB_ABSENT', { what, where, remedy: 'correct the path' });
    if (status >= 500) return unreachable(where, what);
    return fail('BLOB_REFUSED', {
      what,
      where,
      remedy:
        keys === undefined
          ? 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment'
          : 'check the keys of the environment, their rights, and s3.region and s3.endpoint',
    });
  };

  /** The XML of a good answer. */
  const good = async (answer: BlobAnswer, key: string): Promise<S3Answer> => {
    const read = readS3Answer(await answer.text(), `s3://${joined(bucket, key)}`);
    // Completing an upload may fail after the answer has begun with 200.
    if (answer.status >= 300 || read.root === 'Error')
      throw refusal(read, answer.status < 300 ? 500 : answer.status, key);
    return read;
  };

  const multipart = async (
    key: string,
    parts: AsyncGenerator<{ readonly part: Uint8Array; readonly isLast: boolean }>,
    first: Uint8Array,
  ) => {
    const begun = await good(await ask('POST', key, { query: { uploads: '' } }), key);
    const uploadId = begun.text.get('UploadId') ?? '';
    if (uploadId === '') throw unreachable(`s3://${joined(bucket, key)}`, 'the service names no upload');
    const tags: string[] = [];
    const put = async (body: Uint8Array): Promise<void> => {
      if (tags.length === mostParts)
        throw fail('DATA_LIMIT', {
          what: `a file of more than ${mostParts} parts`,
          where: `s3://${joined(bucket, key)}`,
        });
      const answer = await ask('PUT', key, { query: { partNumber: String(tags.length + 1), uploadId }, body });
      await good(answer, key);
      tags.push(answer.header('etag'));
    };
    try {
      await put(first);
      for await (const { part } of parts) await put(part);
      const list = tags.map(
        (tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${tag.replace(/[<>&]/g, '')}</ETag></Part>`,
      );
      const body = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`);
      await good(
        await ask('POST', key, { query: { uploadId }, body, headers: { 'content-type': 'application/xml' } }),
        key,
      );
    } catch (error) {
      // Best effort: what is left of an upload costs room until the bucket's lifecycle rule removes it.
      if (!signal.aborted)
        await ask('DELETE', key, { query: { uploadId } }).then(
          (answer) => answer.text(),
          () => undefined,
        );
      throw error;
    }
  };

  return {
    url,
    list: async (folder) => {
      const begins = joined(root, folder);
      const wanted = begins === '' ? '' : `${begins}/`;
      const blobs: Blob[] = [];
      for (let token = ''; ; ) {
        const answer = await ask('GET', '', {
          query: {
            'list-type': '2',
            prefix: wanted,
            'encoding-type': 'url',
            ...(token === '' ? {} : { 'continuation-token': token }),
          },
        });
        const { text, items } = await good(answer, begins);
        const decode = (key: string): string =>
          text.get('EncodingType') === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key;
        for (const item of items) {
          const key = decode(item.get('Key') ?? '');
          // Marks of folders, which some consoles leave.
          if (key.endsWith('/') || !key.startsWith(wanted)) continue;
          const bytes = Number(item.get('Size'));
          if (!Number.isSafeInteger(bytes) || bytes < 0) throw unreachable(url, 'a listing gives a file no size');
          const path = checkedPath(root === '' ? key : key.slice(root.length + 1));
          blobs.push({ path, bytes, version: (item.get('ETag') ?? '').replaceAll('"', '') });
        }
        if (blobs.length > mostBlobs) throw tooManyBlobs(url);
        const next = text.get('NextContinuationToken') ?? '';
        if (text.get('IsTruncated') !== 'true' || next === '' || next === token) return sortedByPath(blobs);
        token = next;
      }
    },
    stat: async (path) => {
      const key = full(path);
      const answer = await ask('HEAD', key);
      await answer.text();
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw refusal({ root: '', text: new Map(), items: [] }, answer.status, key);
      return {
        path,
        bytes: Number(answer.header('content-length')),
        version: answer.header('etag').replaceAll('"', ''),
      };
    },
    read: ({ path, bytes, version }, from = 0) => {
      const key = full(path);
      const open = async (at: number) => {
        const headers = {
          ...(at === 0 ? {} : { range: `bytes=${at}-` }),
          ...(version === '' ? {} : { 'if-match': `"${version}"` }),
        };
        const answer = await ask('GET', key, { headers });
        if (answer.status === (at === 0 ? 200 : 206)) return answer.body;
        await good(answer, key);
        throw unreachable(`s3://${joined(bucket, key)}`, `status ${answer.status} for a range of bytes`);
      };
      return resumed(open, { from, bytes, signal, where: `s3://${joined(bucket, key)}` });
    },
    write: async (path, bytes) => {
      const key = full(path);
      const parts = inParts(bytes);
      const { value: first } = await parts.next();
      if (first === undefined) return;
      if (first.isLast) await good(await ask('PUT', key, { body: first.part }), key);
      else await multipart(key, parts, first.part);
    },
    remove: async (path) => {
      await good(await ask('DELETE', full(path)), path);
    },
    [Symbol.asyncDispose]: async () => agent[Symbol.dispose](),
  };
}
