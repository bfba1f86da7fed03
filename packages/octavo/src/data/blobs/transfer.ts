/** `octavo data push` and `octavo data pull`: the data of a run in a store, whole files with their SHA-256, resumable. */
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../../core/index.js';
import { acquireLock, hashFile, openRunFolder, type RunFolder, readStepState } from '../../project/index.js';
import type { BlobStore } from './blobs.js';
import { fetchBlob, sizeOf } from './fetch-blob.js';
import { refuseLinks } from './folder.js';
import { isKeptPath, type KeptFile, keptSteps, type Manifest, readManifest, writeManifest } from './manifest.js';

export interface Transfer {
  readonly run: RunFolder;
  readonly projectFolder: string;
  readonly cacheFolder: string;
  /** Opens the store anew, for work that `signal` stops. */
  readonly open: (signal: AbortSignal) => BlobStore;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Bytes done, of all. */
  readonly tell: (done: number, total: number) => void;
}

export interface Transferred {
  readonly store: string;
  readonly files: number;
  readonly bytes: number;
  /** Of those, what was there already. */
  readonly unchanged: number;
}

const crawlPrefix = 'crawl/';

/** Where a kept file lies on this machine, and below which folder no link may stand in its way. */
const placeOf = ({ run, cacheFolder }: Transfer, path: string): { readonly root: string; readonly path: string } =>
  path.startsWith(crawlPrefix) ? { root: cacheFolder, path } : { root: run.folder, path };

const saveEveryMs = 10_000;

/** Regular files below `root/folder`; locks and what is not whole yet are passed over. */
async function walk(root: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  const paths: string[] = [];
  for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== 'lock') paths.push(...(await walk(root, path)));
    else if (entry.isFile() && !/\.(part|tmp)(-|$)/.test(entry.name)) paths.push(path);
  }
  return paths;
}

async function keptPaths(transfer: Transfer): Promise<readonly string[]> {
  const { run, cacheFolder } = transfer;
  const paths: string[] = [];
  const done = keptSteps.filter((step) => readStepState(run.state(step))?.kind === 'done');
  if (done.length === 0)
    throw fail('RUN_ABSENT', {
      what: 'no data step of this run is finished',
      where: `runs/${run.name}`,
      remedy: 'run them: octavo data',
    });
  for (const step of done) paths.push(...(await walk(run.folder, `artifacts/${step}`)), `steps/${step}.json`);
  paths.push(...(await walk(cacheFolder, 'crawl')));
  for (const path of paths)
    if (!isKeptPath(path))
      throw fail('PATH_NOT_ALLOWED', {
        what: 'a file of this name cannot be kept on every system',
        where: path,
        remedy: 'remove it; octavo makes no such file',
      });
  return paths;
}

const locked = async <Result>({ run }: Transfer, work: () => Promise<Result>): Promise<Result> => {
  const lock = acquireLock(run.lock, `runs/${run.name}`);
  try {
    return await work();
  } finally {
    lock.release();
  }
};

/** Copies what changed, then names it in the manifest. Errors: RUN_ABSENT, RUN_LOCKED, DATA_INTEGRITY, those of stores. */
export const push = (transfer: Transfer): Promise<Transferred> =>
  locked(transfer, async () => {
    const { run, signal, tell, now } = transfer;
    await using store = transfer.open(signal);
    const before = await readManifest(store, run.name);
    const known = new Map(before?.files.map((file) => [file.path, file]));
    const local: KeptFile[] = [];
    for (const path of await keptPaths(transfer)) {
      signal.throwIfAborted();
      const at = placeOf(transfer, path);
      const file = join(at.root, at.path);
      local.push({ path, bytes: (await stat(file)).size, sha256: await hashFile(file) });
    }
    const total = local.reduce((sum, { bytes }) => sum + bytes, 0);
    const kept: KeptFile[] = [];
    const save = (to: BlobStore, complete: boolean) => {
      const files = new Set(kept.map(({ path }) => path));
      // What another push had kept stays named, unless it is being replaced.
      const rest = complete
        ? []
        : [...known.values()].filter(
            ({ path, sha256 }) => !files.has(path) && local.some((one) => one.path === path && one.sha256 === sha256),
          );
      return writeManifest(to, run.name, { version: 1, complete, files: [...kept, ...rest] });
    };
    let done = 0;
    const add = (bytes: number): void => {
      done += bytes;
      tell(done, total);
    };
    let unchanged = 0;
    let savedMs = now();
    let isMarked = false;
    try {
      for (const file of local) {
        const at = placeOf(transfer, file.path);
        const there =
          known.get(file.path)?.sha256 === file.sha256 ? await store.stat(`${run.name}/${file.path}`) : undefined;
        if (there?.bytes === file.bytes) {
          unchanged++;
          add(file.bytes);
        } else {
          // From here on a reader must not take the old manifest for the truth.
          if (!isMarked && before !== undefined) await save(store, false);
          isMarked = true;
          await store.write(`${run.name}/${file.path}`, told(join(at.root, at.path), add));
          if ((await hashFile(join(at.root, at.path))) !== file.sha256)
            throw fail('DATA_INTEGRITY', {
              what: 'changed while it was copied',
              where: file.path,
              remedy: 'start the same command again',
            });
        }
        kept.push(file);
        if (now() - savedMs > saveEveryMs) {
          await save(store, false);
          savedMs = now();
        }
      }
      await save(store, true);
    } catch (error) {
      await using last = transfer.open(AbortSignal.timeout(10_000));
      await save(last, false).catch(() => undefined);
      throw error;
    }
    const current = new Set(local.map(({ path }) => path));
    for (const path of known.keys()) if (!current.has(path)) await store.remove(`${run.name}/${path}`);
    return { store: store.url, files: local.length, bytes: total, unchanged };
  });

async function* told(path: string, tell: (bytes: number) => void): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 18 })) {
    yield piece;
    tell(piece.length);
  }
}

const absent = (store: BlobStore, run: string, manifest: Manifest | undefined) =>
  fail('BLOB_ABSENT', {
    what: manifest === undefined ? 'no such run was pushed' : 'the push of this run was not finished',
    where: `${store.url}/${run}`,
    remedy: 'finish `octavo data push` on the machine that has the data',
  });

/**
 * Brings a pushed run to this machine; a step counts as done when all its files are there.
 * Errors: BLOB_ABSENT, FILE_EXISTS, FILE_INVALID, DATA_INTEGRITY, RUN_LOCKED, those of stores.
 */
export const pull = async (transfer: Transfer): Promise<Transferred> => {
  const { run, projectFolder, signal, tell } = transfer;
  await using store = transfer.open(signal);
  const manifest = await readManifest(store, run.name);
  if (manifest?.complete !== true) throw absent(store, run.name, manifest);
  openRunFolder(projectFolder, run.name);
  return locked(transfer, async () => {
    const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
    const wanted: KeptFile[] = [];
    let done = 0;
    const add = (bytes: number): void => {
      done += bytes;
      tell(done, total);
    };
    for (const file of manifest.files) {
      signal.throwIfAborted();
      const at = placeOf(transfer, file.path);
      await refuseLinks(at.root, at.path);
      const path = join(at.root, at.path);
      const bytes = await sizeOf(path);
      if (bytes === undefined) wanted.push(file);
      else if (bytes === file.bytes && (await hashFile(path)) === file.sha256) add(bytes);
      else
        throw fail('FILE_EXISTS', {
          what: 'another file is here already',
          where: path,
          remedy: 'pull into another project folder, or remove this run first',
        });
    }
    // States come last: they say that all else is there.
    wanted.sort((one, other) => Number(one.path.startsWith('steps/')) - Number(other.path.startsWith('steps/')));
    for (const file of wanted) {
      const at = placeOf(transfer, file.path);
      const path = join(at.root, at.path);
      const fetched = `${path}.pulled.part`;
      await mkdir(dirname(path), { recursive: true });
      const blob = { path: `${run.name}/${file.path}`, bytes: file.bytes, version: '' };
      await fetchBlob(store, blob, { path: fetched, tell: add });
      if ((await hashFile(fetched)) !== file.sha256) {
        await rm(fetched, { force: true });
        throw fail('DATA_INTEGRITY', {
          what: 'what came is not what was pushed',
          where: `${store.url}/${blob.path}`,
          remedy: 'start the same command again; if it stays so, push again',
        });
      }
      await rename(fetched, path);
    }
    // A run exists where it has events; this one has none of its own yet.
    await (await open(run.events, 'a')).close();
    return {
      store: store.url,
      files: manifest.files.length,
      bytes: total,
      unchanged: manifest.files.length - wanted.length,
    };
  });
};
