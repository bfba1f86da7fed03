import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSource } from '../sources/source.test-support.js';
import { bytesOf, inPieces, keepsFiles, noise, strangeNames } from './blobs.test-support.js';
import { s3Fields } from './fields.js';
import { openBlobs } from './open-blobs.js';
import { scripted } from './scripted.test-support.js';
import { expectedAuthorization } from './signature.test-support.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-s3-'));
const service = new S3rver({
  port: 0,
  address: '127.0.0.1',
  silent: true,
  directory: folder,
  configureBuckets: ['one', 'two'].map((name) => ({ name, configs: [] })),
});
let endpoint = '';
beforeAll(async () => {
  const { port } = await service.run();
  endpoint = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

const keys = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };
const open = (url: string, { at = endpoint, environment = keys as Readonly<Record<string, string>> } = {}) =>
  openBlobs(
    url,
    { s3: s3Fields.parse({ endpoint: at }) },
    { projectFolder: folder, signal: new AbortController().signal },
    environment,
  );

describe('s3', () => {
  it('keeps files', async () => {
    await using store = open('s3://one/below/here');
    await keepsFiles(store);
    await using other = open('s3://one/below/her');
    expect(await other.list('')).toEqual([]);
  });

  it('uploads a large file in parts, and leaves none of it when that fails', async () => {
    await using store = open('s3://two');
    const large = noise(20_000_000);
    await store.write('large', inPieces(large, 1_000_000));
    const blob = await store.stat('large');
    expect(blob?.bytes).toBe(large.length);
    if (blob !== undefined) {
      expect((await bytesOf(store.read(blob))).equals(large)).toBe(true);
      expect((await bytesOf(store.read(blob, 19_999_990))).equals(large.subarray(-10))).toBe(true);
    }
    const breaking = async function* () {
      yield large;
      throw new Error('the source broke');
    };
    await expect(store.write('broken', breaking())).rejects.toThrow('the source broke');
    expect((await store.list('')).map(({ path }) => path)).toEqual(['large']);
  });

  it('says what is wrong', async () => {
    await using nobody = open('s3://none/a');
    await expect(nobody.list('')).rejects.toMatchObject({ code: 'BLOB_ABSENT', what: 'there is no bucket none' });
    // s3rver knows keys by their id, and checks no signature.
    await using wrong = open('s3://one', {
      environment: { AWS_ACCESS_KEY_ID: 'who', AWS_SECRET_ACCESS_KEY: 'hush-hush' },
    });
    const refused = await wrong.list('').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'BLOB_REFUSED', what: expect.stringContaining('InvalidAccessKeyId') });
    expect(JSON.stringify(refused)).not.toContain('hush-hush');
    await using store = open('s3://one');
    await expect(bytesOf(store.read({ path: 'none', bytes: 5, version: '' }))).rejects.toMatchObject({
      code: 'BLOB_ABSENT',
    });
  });
});

describe('a signature', () => {
  it('is checked here as AWS publishes it', () => {
    const signed = 'host;range;x-amz-content-sha256;x-amz-date';
    const credential = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
    const head = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=`;
    const request = {
      method: 'GET',
      url: '/test.txt',
      headers: {
        authorization: head,
        host: 'examplebucket.s3.amazonaws.com',
        range: 'bytes=0-9',
        'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        'x-amz-date': '20130524T000000Z',
      },
    };
    expect(expectedAuthorization(request, 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')).toBe(
      `${head}f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41`,
    );
  });

  it('is right for every name, query and header', async () => {
    const wrong: string[] = [];
    await using server = await scripted(({ method = '', url = '', headers }, response) => {
      if (headers.authorization !== expectedAuthorization({ method, url, headers }, 'S3RVER'))
        wrong.push(`${method} ${url}`);
      if (url.endsWith('uploads=')) response.end('<R><UploadId>a/b+c=</UploadId></R>');
      else
        response
          .writeHead(headers.range === undefined ? 200 : 206, { etag: '"t"' })
          .end(method === 'GET' ? '<R/>' : '');
    });
    await using store = open('s3://bucket/a b/+', { at: server.at });
    await store.list('ü/&=');
    for (const name of strangeNames) {
      await store.write(name, inPieces(Buffer.from(name)));
      await store.stat(name);
      await bytesOf(store.read({ path: name, bytes: 5, version: 't' }, 1));
      await store.remove(name);
    }
    await store.write('large', inPieces(noise(9_000_000), 1_000_000));
    expect(wrong).toEqual([]);
    expect(server.asked).toHaveLength(1 + 4 * strangeNames.length + 4);
  });
});

describe('an unsteady service', () => {
  it('is asked again while it is busy, and for the rest of what broke off', async () => {
    await using server = await scripted((_, response, asked) => {
      if (asked === 1) response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>');
      else if (asked === 2) {
        response.writeHead(200, { 'content-length': '10' });
        response.write('01234', () => response.destroy());
      } else response.writeHead(206).end('56789');
    });
    await using store = open('s3://bucket', { at: server.at });
    const blob = { path: 'a', bytes: 10, version: 'tag' };
    expect((await bytesOf(store.read(blob))).toString()).toBe('0123456789');
    expect(server.asked.map(({ headers }) => [headers.range, headers['if-match']])).toEqual([
      [undefined, '"tag"'],
      [undefined, '"tag"'],
      ['bytes=5-', '"tag"'],
    ]);
  });

  it('is believed neither in sizes nor in redirects, and gets no more bytes out of us', async () => {
    await using other = await scripted((_, response) => response.end('stolen'));
    await using server = await scripted((request, response) => {
      if (request.url?.includes('redirect') === true) response.writeHead(307, { location: `${other.at}/x` }).end();
      else if (request.url?.includes('more') === true) response.end('x'.repeat(1000));
      else
        response.end(
          `<ListBucketResult><Contents><Key>../../etc/passwd</Key><Size>1</Size></Contents></ListBucketResult>`,
        );
    });
    await using store = open('s3://bucket', { at: server.at });
    const read = (path: string) => bytesOf(store.read({ path, bytes: 10, version: '' }));
    await expect(read('redirect')).rejects.toMatchObject({ code: 'BLOB_REFUSED' });
    await expect(read('more')).rejects.toMatchObject({ code: 'BLOB_UNREACHABLE' });
    await expect(store.list('')).rejects.toMatchObject({ code: 'PATH_NOT_ALLOWED' });
    expect(other.asked).toEqual([]);
  });

  it('does not take a failed completion for a file', async () => {
    await using server = await scripted((request, response) => {
      if (request.url?.endsWith('uploads=') === true)
        response.end('<InitiateMultipartUploadResult><UploadId>7</UploadId></InitiateMultipartUploadResult>');
      else if (request.method === 'POST') response.end('<Error><Code>InternalError</Code></Error>');
      else response.writeHead(200, { etag: '"t"' }).end();
    });
    await using store = open('s3://bucket', { at: server.at });
    await expect(store.write('a', inPieces(noise(9_000_000), 1_000_000))).rejects.toMatchObject({
      code: 'BLOB_UNREACHABLE',
    });
    expect(server.asked.at(-1)?.url).toContain('uploadId=7');
  });
});

describe('a source', () => {
  const row = (text: string) => `${JSON.stringify({ text })}\n`;

  it('is fetched once, from where it broke off, and anew when it changed', async () => {
    const text = Array.from({ length: 40 }, (_, at) => row(`row ${at}`)).join('');
    let etag = 'one';
    await using server = await scripted(({ url = '', headers }, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
      if (url.includes('list-type'))
        response.end(
          `<R><Contents><Key>in/b.jsonl</Key><Size>${text.length}</Size><ETag>"${etag}"</ETag></Contents><Contents><Key>in/_SUCCESS</Key><Size>0</Size></Contents></R>`,
        );
      else response.writeHead(from === 0 ? 200 : 206).end(text.slice(from));
    });
    const project = join(folder, 'project');
    const fields = { from: 's3://bucket/in', name: 'web', s3: { endpoint: server.at } };
    const stop = new AbortController();
    const stopped = readSource(fields, { folder: project, signal: stop.signal, read: () => stop.abort() });
    await expect(stopped).rejects.toThrow();
    // Half of the file is on the disk.
    const cache = join(project, 'cache', 'blobs');
    const [part = ''] = readdirSync(cache);
    expect(part).toMatch(/\.part$/);
    writeFileSync(join(cache, part), text.slice(0, 100));
    const first = await readSource(fields, { folder: project });
    expect(first.documents.map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_, at) => `web/b:${at + 1}`));
    expect(first.bytes).toBe(text.length);
    expect(server.asked.at(-1)?.headers).toMatchObject({ range: 'bytes=100-', 'if-match': '"one"' });
    const asked = server.asked.length;
    expect((await readSource(fields, { folder: project })).documents).toEqual(first.documents);
    expect(server.asked.slice(asked).map(({ url }) => url.includes('list-type'))).toEqual([true]);
    const key = await first.source.inputs(project);
    etag = 'two';
    expect(await first.source.inputs(project)).not.toEqual(key);
    await readSource(fields, { folder: project });
    expect(server.asked.at(-1)?.headers).toMatchObject({ 'if-match': '"two"' });
  });

  it('says when there is nothing', async () => {
    await using server = await scripted((_, response) => response.end('<R/>'));
    const fields = { from: 's3://bucket/in/**/*.jsonl', s3: { endpoint: server.at } };
    await expect(readSource(fields, { folder })).rejects.toMatchObject({ code: 'DATA_SOURCE' });
  });
});
