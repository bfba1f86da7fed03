import { userInfo } from 'node:os';
import { posix, resolve } from 'node:path';
import { fail } from '../../core/index.js';
import { type BlobContext, type BlobStore, isBlobPath } from './blobs.js';
import { type HdfsFields, hdfsFields, type S3Fields, s3Fields } from './fields.js';
import { folderBlobs } from './folder.js';
import { type S3Keys, type S3Place, type S3Service, s3 } from './s3.js';
import { type HdfsPlace, webHdfs } from './webhdfs.js';

type Environment = Readonly<Record<string, string | undefined>>;

export type BlobPlace = HdfsPlace | S3Place;

const wrong = (where: string, what: string) =>
  fail('BLOB_PLACE', {
    what,
    where,
    remedy: 'write hdfs://namenode:9870/folder, s3://bucket/folder, or a folder of this machine',
  });

/** The place that a URL of a store names, `undefined` for a folder. Errors: BLOB_PLACE. */
export function parseBlobPlace(text: string): BlobPlace | undefined {
  const [, scheme = '', host = '', path = ''] = /^(hdfs|s3):\/\/([^/]*)\/?(.*)$/s.exec(text) ?? [];
  if (scheme === '') {
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) throw wrong(text, 'no such kind of store is known');
    return undefined;
  }
  const root = path.replace(/(?<!\/)\/+$/, '');
  if (host.includes('@')) throw wrong(text, 'names and keys do not belong in the URL, but in the environment');
  if (root !== '' && !isBlobPath(root)) throw wrong(text, 'the path has parts that are empty, . or ..');
  if (scheme === 's3') {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(host)) throw wrong(text, `"${host}" cannot name a bucket`);
    return { kind: 's3', bucket: host, root };
  }
  if (!/^([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?$/.test(host)) throw wrong(text, 'the namenode is missing');
  return { kind: 'hdfs', host: /:\d+$/.test(host) ? host : `${host}:9870`, root };
}

const firstOf = (...values: readonly (string | undefined)[]): string | undefined =>
  values.find((value) => value !== undefined && value !== '');

function keysOf(environment: Environment): S3Keys | undefined {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  if (accessKeyId === '' || secretAccessKey === '') return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined || sessionToken === '' ? {} : { sessionToken }),
  };
}

/** Errors: BLOB_PLACE. */
export function serviceOf(fields: S3Fields, bucket: string, environment: Environment): S3Service {
  const region = firstOf(fields.region, environment['AWS_REGION'], environment['AWS_DEFAULT_REGION']) ?? 'us-east-1';
  if (!/^[\w-]+$/.test(region)) throw wrong(region, 'this cannot be a region');
  const given = firstOf(fields.endpoint, environment['AWS_ENDPOINT_URL_S3'], environment['AWS_ENDPOINT_URL']);
  let endpoint: URL;
  try {
    endpoint = new URL(given ?? `https://s3.${region}.amazonaws.com`);
  } catch {
    throw wrong(String(given), 's3.endpoint is no URL');
  }
  if (!/^https?:$/.test(endpoint.protocol) || endpoint.username !== '' || endpoint.search !== '')
    throw wrong(`${endpoint.protocol}//${endpoint.host}`, 's3.endpoint is to be https://HOST, without names or keys');
  // A name with dots does not fit the certificate of the service.
  const pathStyle =
    fields.pathStyle === 'auto' ? given !== undefined || bucket.includes('.') : fields.pathStyle === 'yes';
  return { endpoint, region, pathStyle, keys: keysOf(environment) };
}

export interface BlobOptions {
  readonly hdfs?: HdfsFields | undefined;
  readonly s3?: S3Fields | undefined;
}

/** Opens a store; a folder starts at the project's. Nothing is asked of the network yet. Errors: BLOB_PLACE. */
export function openBlobs(
  text: string,
  options: BlobOptions,
  context: BlobContext & { readonly projectFolder: string },
  environment: Environment = process.env,
): BlobStore {
  const place = parseBlobPlace(text);
  if (place === undefined) return folderBlobs(resolve(context.projectFolder, posix.normalize(text)), context);
  if (place.kind === 's3')
    return s3(place, serviceOf(options.s3 ?? s3Fields.parse({}), place.bucket, environment), context);
  const fields = options.hdfs ?? hdfsFields.parse({});
  const user = firstOf(fields.user, environment['HADOOP_USER_NAME']) ?? userInfo().username;
  return webHdfs(place, fields, { ...context, user, token: firstOf(environment['HDFS_DELEGATION_TOKEN']) });
}
