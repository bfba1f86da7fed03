/**
 * HDFS by WebHDFS (Hadoop's REST interface, version 1). The namenode answers or sends us to one datanode; that one
 * redirect is followed where `datanodes` allows it and never again. Our delegation token goes to the namenode alone;
 * what a datanode needs of it stands in the address that the namenode gives.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { fail, OctavoError } from '../../core/index.js';
import { globMatcher } from '../glob.js';
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
import type { HdfsFields } from './fields.js';
import { type BlobAnswer, type BlobRequest, blobAgent, resumed, send, unreachable } from './http.js';

export interface HdfsPlace {
  readonly kind: 'hdfs';
  /** host:port of the namenode's web address. */
  readonly host: string;
  /** Below `/`; empty for all. */
  readonly root: string;
}

const FileStatus = z.object({
  pathSuffix: z.string(),
  type: z.string(),
  length: z.number().int().min(0),
  modificationTime: z.number(),
});
const Statuses = z.object({ FileStatus: z.array(FileStatus) });
const Batch = z.object({
  DirectoryListing: z.object({
    partialListing: z.object({ FileStatuses: Statuses }),
    remainingEntries: z.number().int(),
  }),
});
const One = z.object({ FileStatus });
const Refusal = z.object({ RemoteException: z.object({ exception: z.string(), message: z.string() }) });

const deepest = 64;
/** Begins the names of files that are not whole yet; they are not listed. */
const beside = '.octavo-part-';
const ports = new Set(['9864', '9865']);

/** Why a redirect of the namenode is not followed, or `undefined`. */
export function refusedDatanode(to: URL, from: URL, datanodes: readonly string[]): string | undefined {
  if (to.protocol !== from.protocol) return `it is ${to.protocol} and the namenode ${from.protocol}`;
  if (to.username !== '' || to.password !== '') return 'it holds a user name';
  if (!to.pathname.startsWith('/webhdfs/v1/')) return 'it is no address of WebHDFS';
  if (datanodes.length === 0)
    return to.hostname === from.hostname || ports.has(to.port)
      ? undefined
      : `${to.host} is neither the namenode nor on port 9864 or 9865`;
  return datanodes.some((pattern) => [to.host, to.hostname].some(globMatcher(pattern)))
    ? undefined
    : `${to.host} fits none of hdfs.datanodes`;
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const versionOf = ({ length, modificationTime }: z.infer<typeof FileStatus>): string => `${length}-${modificationTime}`;

export function webHdfs(
  { host, root }: HdfsPlace,
  { tls, datanodes }: HdfsFields,
  { signal, user, token }: BlobContext & { readonly user: string; readonly token?: string | undefined },
): BlobStore {
  const url = `hdfs://${joined(host, root)}`;
  const origin = new URL(`${tls ? 'https' : 'http'}://${host}`);
  const agent = blobAgent();
  const under = (where: string) => ({ agent, signal, where });
  const full = (path: string): string => joined(root, path);
  const addressOf = (path: string, operation: string, options: Readonly<Record<string, string>> = {}): string => {
    const at = path === '' ? '' : checkedPath(path).split('/').map(encodeURIComponent).join('/');
    const query = new URLSearchParams({
      op: operation,
      ...(token === undefined ? { 'user.name': user } : { delegation: token }),
      ...options,
    });
    return `${origin.origin}/webhdfs/v1/${at}?${query}`;
  };

  const refusal = async (answer: BlobAnswer, where: string) => {
    const read = Refusal.safeParse(jsonOf(await answer.text()));
    const { exception, message } = read.success
      ? read.data.RemoteException
      : { exception: `status ${answer.status}`, message: '' };
    const what = `${exception}: ${(message.split('\n')[0] ?? '').slice(0, 300)}`;
    if (answer.status === 404) return fail('BLOB_ABSENT', { what, where, remedy: 'correct the path' });
    if (answer.status >= 500) return unreachable(where, what);
    return fail('BLOB_REFUSED', {
      what,
      where,
      remedy:
        exception === 'StandbyException'
          ? 'name the namenode that is active'
          : 'check the user (hdfs.user or HADOOP_USER_NAME) or the token (HDFS_DELEGATION_TOKEN) and its rights',
    });
  };

  const ask = async (
    method: BlobRequest['method'],
    path: string,
    operation: string,
    options: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly answer: BlobAnswer; readonly where: string }> => {
    const where = `hdfs://${joined(host, path)}`;
    const answer = await send(() => ({ method, url: addressOf(path, operation, options), headers: {} }), under(where));
    return { answer, where };
  };

  /** Where the namenode sends us. */
  const datanodeOf = async (
    method: 'GET' | 'PUT',
    path: string,
    operation: string,
    options: Readonly<Record<string, string>>,
  ): Promise<string> => {
    const { answer, where } = await ask(method, path, operation, options);
    if (answer.status !== 307) throw await refusal(answer, where);
    await answer.text();
    let to: URL;
    try {
      to = new URL(answer.header('location'));
    } catch (cause) {
      throw unreachable(where, 'the namenode sends us to no address', cause);
    }
    const why = refusedDatanode(to, origin, datanodes);
    if (why === undefined) return to.href;
    throw fail('BLOB_REFUSED', {
      what: `the namenode sends us to ${to.host}, which is not followed: ${why}`,
      where,
      remedy: 'if that is a datanode of yours, name it in hdfs.datanodes',
    });
  };

  /** Best effort, and also when we were told to stop. A datanode may make the file after we have gone: so it is asked again. */
  const discarded = async (path: string): Promise<void> => {
    const remove = { method: 'DELETE', url: addressOf(path, 'DELETE'), headers: {} } as const;
    const within = AbortSignal.timeout(3000);
    try {
      for (let isGone = false; !isGone; ) {
        const answer = await send(() => remove, { ...under(path), signal: within });
        isGone = (await answer.text()).includes('true');
        if (!isGone) await sleep(250, undefined, { signal: within });
      }
    } catch {
      // Nothing reads such a name.
    }
  };

  const read = async <Result>(answer: BlobAnswer, where: string, schema: z.ZodType<Result>): Promise<Result> => {
    if (answer.status !== 200) throw await refusal(answer, where);
    const parsed = schema.safeParse(jsonOf(await answer.text()));
    if (parsed.success) return parsed.data;
    throw unreachable(where, 'this is no answer of WebHDFS');
  };

  /** Hadoop 3.5.0 knows `startAfter`, as its manual has it, in lower case only. */
  async function* entries(folder: string): AsyncGenerator<z.infer<typeof FileStatus>, void, undefined> {
    for (let startAfter = ''; ; ) {
      const { answer, where } = await ask(
        'GET',
        folder,
        'LISTSTATUS_BATCH',
        startAfter === '' ? {} : { startAfter, startafter: startAfter },
      );
      if (answer.status === 404 && folder === root) {
        await answer.text();
        return;
      }
      const { partialListing, remainingEntries } = (await read(answer, where, Batch)).DirectoryListing;
      const found = partialListing.FileStatuses.FileStatus;
      yield* found;
      const last = found.at(-1)?.pathSuffix ?? '';
      if (remainingEntries === 0) return;
      if (last === '' || last === startAfter) throw unreachable(where, 'the listing does not go on');
      startAfter = last;
    }
  }

  const stat = async (path: string): Promise<Blob | undefined> => {
    const { answer, where } = await ask('GET', full(path), 'GETFILESTATUS');
    if (answer.status === 404) {
      await answer.text();
      return undefined;
    }
    const { FileStatus: status } = await read(answer, where, One);
    return status.type === 'FILE' ? { path, bytes: status.length, version: versionOf(status) } : undefined;
  };

  return {
    url,
    stat,
    list: async (folder) => {
      const blobs: Blob[] = [];
      const walk = async (inside: string, depth: number): Promise<void> => {
        if (depth > deepest)
          throw fail('DATA_LIMIT', { what: `folders are more than ${deepest} deep`, where: `${url}/${inside}` });
        for await (const status of entries(full(inside))) {
          if (status.pathSuffix === '' || status.pathSuffix.startsWith(beside)) continue;
          const path = checkedPath(joined(inside, status.pathSuffix));
          if (status.type === 'DIRECTORY') await walk(path, depth + 1);
          else blobs.push({ path, bytes: status.length, version: versionOf(status) });
          if (blobs.length > mostBlobs) throw tooManyBlobs(url);
        }
      };
      await walk(folder, 0);
      return sortedByPath(blobs);
    },
    read: ({ path, bytes }, from = 0) => {
      const where = `hdfs://${joined(host, full(path))}`;
      // Datanodes that have failed: the namenode learns of it later than we do.
      const failed = new Set<string>();
      const open = async (at: number) => {
        const excluded = failed.size === 0 ? {} : { excludedatanodes: [...failed].join(',') };
        const address = await datanodeOf('GET', full(path), 'OPEN', { offset: String(at), ...excluded });
        failed.add(new URL(address).host);
        const once = { ...under(where), isRepeated: false };
        const answer = await send(() => ({ method: 'GET', url: address, headers: {} }), once);
        if (answer.status >= 500) throw new Error(`status ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
        if (answer.status !== 200) throw await refusal(answer, where);
        return answer.body;
      };
      return resumed(open, { from, bytes, signal, where });
    },
    write: async (path, bytes) => {
      const target = full(checkedPath(path));
      const folder = target.split('/').slice(0, -1).join('/');
      const part = joined(folder, `${beside}${randomBytes(8).toString('hex')}`);
      const where = `hdfs://${joined(host, target)}`;
      let given = 0;
      const counted = async function* () {
        for await (const piece of bytes) {
          signal.throwIfAborted();
          given += piece.length;
          yield piece;
        }
      };
      const done = async (answer: BlobAnswer, status: number): Promise<string> => {
        if (answer.status !== status) throw await refusal(answer, where);
        return answer.text();
      };
      const address = await datanodeOf('PUT', part, 'CREATE', { overwrite: 'true' });
      try {
        const body = counted();
        const headers = { 'content-type': 'application/octet-stream' };
        await done(await send(() => ({ method: 'PUT', url: address, headers, body }), under(where)), 201);
        const { answer: told } = await ask('GET', part, 'GETFILESTATUS');
        const kept = (await read(told, where, One)).FileStatus.length;
        if (kept !== given) throw unreachable(where, `${kept} of ${given} bytes arrived`);
        const { answer } = await ask('PUT', part, 'RENAME', { destination: `/${target}`, renameoptions: 'OVERWRITE' });
        await done(answer, 200);
      } catch (error) {
        if (!(error instanceof OctavoError && error.code === 'BLOB_REFUSED')) await discarded(part);
        throw error;
      }
    },
    remove: async (path) => {
      const { answer, where } = await ask('DELETE', full(path), 'DELETE');
      if (answer.status !== 200) throw await refusal(answer, where);
      await answer.text();
    },
    [Symbol.asyncDispose]: async () => agent[Symbol.dispose](),
  };
}
