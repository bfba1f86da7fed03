import { expect, it } from 'vitest';
import { bytesOf, inPieces } from './blobs.test-support.js';
import { hdfsFields } from './fields.js';
import { openBlobs } from './open-blobs.js';
import { scripted } from './scripted.test-support.js';

const token = 'hush-hush';
const open = (at: string, datanodes: readonly string[] = []) =>
  openBlobs(
    `hdfs://${at.slice('http://'.length)}/a`,
    { hdfs: hdfsFields.parse({ datanodes }) },
    { projectFolder: '/', signal: new AbortController().signal },
    { HDFS_DELEGATION_TOKEN: token },
  );
const blob = { path: 'file', bytes: 5, version: '' };

it('gives its token to the namenode alone, and follows one redirect', async () => {
  await using other = await scripted((_, response) => response.end('other'));
  await using datanode = await scripted(({ url = '' }, response) =>
    url.includes('astray')
      ? response.writeHead(307, { location: `${other.at}/webhdfs/v1/a/file?op=OPEN` }).end()
      : response.end('bytes'),
  );
  let path = 'file';
  await using namenode = await scripted((_, response) =>
    response.writeHead(307, { location: `${datanode.at}/webhdfs/v1/a/${path}?op=OPEN&namenoderpcaddress=n` }).end(),
  );
  await using store = open(namenode.at);
  expect((await bytesOf(store.read(blob))).toString()).toBe('bytes');
  expect(namenode.asked[0]?.url).toContain(`delegation=${token}`);
  expect(namenode.asked[0]?.url).not.toContain('user.name');
  expect(JSON.stringify(datanode.asked)).not.toContain(token);
  path = 'astray';
  const refused: unknown = await bytesOf(store.read(blob)).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'BLOB_REFUSED' });
  expect(JSON.stringify(refused)).not.toContain(token);
  await using strict = open(namenode.at, ['datanode-*.lan:9864']);
  await expect(bytesOf(strict.read(blob))).rejects.toMatchObject({ code: 'BLOB_REFUSED' });
  await expect(strict.write('new', inPieces(Buffer.from('x')))).rejects.toMatchObject({ code: 'BLOB_REFUSED' });
  expect(other.asked).toEqual([]);
});

const listing = (names: readonly string[], remainingEntries: number, type = 'FILE') =>
  JSON.stringify({
    DirectoryListing: {
      partialListing: {
        FileStatuses: { FileStatus: names.map((pathSuffix) => ({ pathSuffix, type, length: 1, modificationTime: 1 })) },
      },
      remainingEntries,
    },
  });

it.each([
  ['leads outside', listing(['../../etc/passwd'], 0), 'PATH_NOT_ALLOWED'],
  ['has a control character', listing(['a\u001b[2J'], 0), 'PATH_NOT_ALLOWED'],
  ['never ends', listing(['a'], 7), 'BLOB_UNREACHABLE'],
  ['goes on without a name', listing([], 7), 'BLOB_UNREACHABLE'],
  ['has no bottom', listing(['down'], 0, 'DIRECTORY'), 'DATA_LIMIT'],
  ['is no JSON', '<html>', 'BLOB_UNREACHABLE'],
  ['is other JSON', '{"DirectoryListing":[]}', 'BLOB_UNREACHABLE'],
  ['has a size below nothing', listing(['a'], 0).replace('"length":1', '"length":-1'), 'BLOB_UNREACHABLE'],
])('refuses a listing that %s', async (_, answer, code) => {
  await using namenode = await scripted((__, response) => response.end(answer));
  await using store = open(namenode.at);
  await expect(store.list('')).rejects.toMatchObject({ code });
});

it('gives no name to bytes that did not all arrive', async () => {
  const asked: string[] = [];
  await using cluster = await scripted(({ method, url = '' }, response) => {
    const operation = /op=(\w+)/.exec(url)?.[1] ?? '';
    asked.push(operation);
    if (operation === 'CREATE' && !url.includes('datanode'))
      response
        .writeHead(307, { location: `http://${response.req.headers.host}/webhdfs/v1/a/datanode?op=CREATE` })
        .end();
    else if (method === 'PUT') response.writeHead(201).end();
    else if (operation === 'DELETE') response.end('{"boolean":true}');
    else response.end(JSON.stringify({ FileStatus: { pathSuffix: '', type: 'FILE', length: 3, modificationTime: 1 } }));
  });
  await using store = open(cluster.at);
  await expect(store.write('file', inPieces(Buffer.from('five!')))).rejects.toMatchObject({ code: 'BLOB_UNREACHABLE' });
  expect(asked).toEqual(['CREATE', 'CREATE', 'GETFILESTATUS', 'DELETE']);
});
