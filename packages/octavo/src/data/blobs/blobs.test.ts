import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesOf, inPieces, keepsFiles } from './blobs.test-support.js';
import { hdfsFields, s3Fields } from './fields.js';
import { folderBlobs } from './folder.js';
import { openBlobs, parseBlobPlace, serviceOf } from './open-blobs.js';
import { readS3Answer } from './s3-xml.js';
import { refusedDatanode } from './webhdfs.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-blobs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { signal } = new AbortController();

describe('a folder', () => {
  it('keeps files', async () => {
    const root = join(folder, 'keeps');
    await using store = openBlobs('keeps', {}, { projectFolder: folder, signal });
    await keepsFiles(store);
    const left = readdirSync(root, { recursive: true }).map(String);
    expect(left.filter((name) => name.includes('part'))).toEqual([]);
  });

  it('follows no link', async () => {
    const root = join(folder, 'links');
    mkdirSync(join(folder, 'outside'), { recursive: true });
    mkdirSync(root);
    writeFileSync(join(folder, 'outside', 'canary'), 'canary');
    symlinkSync(join(folder, 'outside'), join(root, 'out'));
    symlinkSync(join(folder, 'outside', 'canary'), join(root, 'file'));
    await using store = folderBlobs(root, { signal });
    expect(await store.list('')).toEqual([]);
    const refused = { code: 'PATH_NOT_ALLOWED' };
    await expect(store.stat('out/canary')).rejects.toMatchObject(refused);
    await expect(store.write('out/new', inPieces(Buffer.from('x')))).rejects.toMatchObject(refused);
    await expect(store.remove('out/canary')).rejects.toMatchObject(refused);
    await expect(bytesOf(store.read({ path: 'file', bytes: 6, version: '' }))).rejects.toMatchObject(refused);
    expect(readdirSync(join(folder, 'outside'))).toEqual(['canary']);
    expect(existsSync(join(root, 'file'))).toBe(true);
  });
});

describe('the place of a store', () => {
  it.each([
    ['hdfs://namenode/a/b', { kind: 'hdfs', host: 'namenode:9870', root: 'a/b' }],
    ['hdfs://10.0.0.1:50070/', { kind: 'hdfs', host: '10.0.0.1:50070', root: '' }],
    ['hdfs://[::1]:9870/a/', { kind: 'hdfs', host: '[::1]:9870', root: 'a' }],
    ['s3://corpus/a b', { kind: 's3', bucket: 'corpus', root: 'a b' }],
    ['../folder', undefined],
  ])('%s', (text, place) => expect(parseBlobPlace(text)).toEqual(place));

  it.each([
    'hdfs://',
    'hdfs:///a',
    'hdfs://user@host/a',
    'hdfs://a/../b',
    'hdfs://host:port/a',
    's3://B/a',
    's3://a/b',
    's3://key:secret@bucket/a',
    's3://bucket/a//b',
    's3://bucket?x/a',
    'gs://bucket/a',
    'http://host/a',
  ])('refuses %s', (text) => expect(() => parseBlobPlace(text)).toThrow(/BLOB_PLACE/));

  it('has its service from the fields, then from the environment', () => {
    const fields = s3Fields.parse({});
    const environment = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' };
    expect(serviceOf(fields, 'bucket', environment)).toEqual({
      endpoint: new URL('https://s3.eu-west-1.amazonaws.com'),
      region: 'eu-west-1',
      pathStyle: false,
      keys: { accessKeyId: 'id', secretAccessKey: 'secret' },
    });
    expect(serviceOf(s3Fields.parse({ endpoint: 'http://minio:9000', region: 'x' }), 'bucket', {})).toMatchObject({
      pathStyle: true,
      region: 'x',
      keys: undefined,
    });
    for (const endpoint of ['ftp://a', 'https://key:secret@host', 'no url'])
      expect(() => serviceOf(s3Fields.parse({ endpoint }), 'bucket', {})).toThrow(/BLOB_PLACE/);
  });
});

describe('where a namenode may send us', () => {
  const from = new URL('http://namenode.lan:9870');
  const why = (to: string, ...datanodes: readonly string[]) =>
    refusedDatanode(new URL(to), from, hdfsFields.parse({ datanodes }).datanodes);
  it.each([
    ['http://namenode.lan:41234/webhdfs/v1/a?op=OPEN', []],
    ['http://data-7.lan:9864/webhdfs/v1/a?op=OPEN', []],
    ['http://data-7.lan:1234/webhdfs/v1/a', ['data-*.lan:1234']],
    ['http://data-7.lan:1234/webhdfs/v1/a', ['x', '*.lan']],
  ])('follows %s', (to, datanodes) => expect(why(to, ...datanodes)).toBeUndefined());
  it.each([
    ['http://169.254.169.254/webhdfs/v1/a', []],
    ['http://data-7.lan:22/webhdfs/v1/a', []],
    ['http://data-7.lan:9864/latest/meta-data', []],
    ['https://data-7.lan:9865/webhdfs/v1/a', []],
    ['http://user:pass@data-7.lan:9864/webhdfs/v1/a', []],
    ['http://data-7.lan:9864/webhdfs/v1/a', ['other.lan']],
    ['http://namenode.lan:9864/webhdfs/v1/a', ['data-*']],
    ['http://data-7.lan.evil:9864/webhdfs/v1/a', ['data-*.lan']],
  ])('does not follow %s', (to, datanodes) => expect(why(to, ...datanodes)).toBeTypeOf('string'));
});

describe('an answer of S3', () => {
  it('is read by names', () => {
    const { root, text, items } = readS3Answer(
      '<?xml version="1.0"?><ListBucketResult xmlns="x"><IsTruncated>true</IsTruncated><Contents><Key>a&amp;b</Key><Size>3</Size><Owner><ID>no</ID></Owner></Contents><NextContinuationToken>t</NextContinuationToken></ListBucketResult>',
      's3://b',
    );
    expect(root).toBe('ListBucketResult');
    expect(text.get('NextContinuationToken')).toBe('t');
    expect(items.map((item) => [item.get('Key'), item.get('Size')])).toEqual([['a&b', '3']]);
  });

  it.each([
    ['an entity of its own', '<!DOCTYPE a [<!ENTITY x "xxxx">]><a>&x;</a>'],
    ['no XML', 'Bad gateway'],
    ['an end that is missing', '<a><b>'],
    ['depth', '<a>'.repeat(100)],
    ['a text without end', `<a>${'x'.repeat(100_000)}</a>`],
    ['too many files', `<a>${'<Contents></Contents>'.repeat(20_000)}</a>`],
  ])('is refused with %s', (_, xml) => expect(() => readS3Answer(xml, 's3://b')).toThrow(/BLOB_UNREACHABLE/));
});
