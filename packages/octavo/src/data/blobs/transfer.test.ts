import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openRunFolder, parseRunName, runFolder, sha256, writeStepState } from '../../project/index.js';
import type { BlobStore } from './blobs.js';
import { folderBlobs } from './folder.js';
import { isKeptPath } from './manifest.js';
import { pull, push } from './transfer.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-transfer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let number = 0;
let here = '';
let there = '';
let store = '';

const write = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

const transferOf = (
  project: string,
  options: {
    readonly wrap?: (blobs: BlobStore) => BlobStore;
    readonly signal?: AbortSignal;
    readonly done?: number[];
  } = {},
) => ({
  run: runFolder(project, parseRunName('main')),
  projectFolder: project,
  cacheFolder: join(project, '.octavo', 'cache'),
  open: (signal: AbortSignal) => {
    const blobs = folderBlobs(store, { signal });
    return options.wrap?.(blobs) ?? blobs;
  },
  signal: options.signal ?? new AbortController().signal,
  now: () => 0,
  tell: (done: number) => options.done?.push(done),
});

/** All files of a project but its lock, by path. */
const filesOf = (project: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(project, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('lock'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path): [string, string] => [path.slice(project.length), readFileSync(path, 'utf8')])
      .filter(([path]) => !path.endsWith('events.jsonl'))
      .toSorted(),
  );

beforeEach(() => {
  number++;
  here = join(folder, `here-${number}`);
  there = join(folder, `there-${number}`);
  store = join(folder, `store-${number}`);
  const run = openRunFolder(here, parseRunName('main'));
  write(join(run.artifact('collect'), 'documents.parquet'), 'documents');
  write(join(run.artifact('tokenize'), 'train', 'train-000000.bin'), 'tokens');
  write(join(run.artifact('clean'), 'half.parquet'), 'not finished');
  for (const step of ['collect', 'tokenize'] as const)
    writeStepState(run.state(step), { kind: 'done', key: 'k', elapsedMs: 1, summary: {} });
  writeStepState(run.state('clean'), { kind: 'interrupted', key: 'k', elapsedMs: 1, summary: {} });
  write(join(here, '.octavo/cache/crawl/example.com-1/0/pages-0.warc.gz'), 'warc');
});

const manifest = () => join(store, 'main', 'manifest.json');

describe('a run in a store', () => {
  it('comes to another machine as it was, finished steps and crawls', async () => {
    const done: number[] = [];
    expect(await push(transferOf(here, { done }))).toMatchObject({ files: 5, unchanged: 0 });
    const pulled = await pull(transferOf(there));
    expect(pulled).toMatchObject({ files: 5, unchanged: 0, bytes: done.at(-1) });
    const {
      [`/runs/main/artifacts/clean/half.parquet`]: _,
      [`/runs/main/steps/clean.json`]: __,
      ...finished
    } = filesOf(here);
    expect(filesOf(there)).toEqual(finished);
    expect(readdirSync(join(there, 'runs/main'))).toContain('events.jsonl');
    expect(await pull(transferOf(there))).toMatchObject({ unchanged: 5 });
  });

  it('is pushed anew where it changed, and forgets what went', async () => {
    await push(transferOf(here));
    expect(await push(transferOf(here))).toMatchObject({ unchanged: 5 });
    write(join(here, 'runs/main/artifacts/collect/documents.parquet'), 'others');
    rmSync(join(here, '.octavo/cache/crawl'), { recursive: true });
    expect(await push(transferOf(here))).toMatchObject({ files: 4, unchanged: 3 });
    expect(Object.keys(filesOf(store))).not.toContain('/main/crawl/example.com-1/0/pages-0.warc.gz');
    await pull(transferOf(there));
    expect(readFileSync(join(there, 'runs/main/artifacts/collect/documents.parquet'), 'utf8')).toBe('others');
  });

  it('is not pulled while half of it is there, and goes on', async () => {
    const stop = new AbortController();
    let writes = 0;
    const wrap = (blobs: BlobStore): BlobStore => ({
      ...blobs,
      write: async (path, bytes) => {
        if (!path.endsWith('manifest.json') && ++writes === 3) stop.abort();
        stop.signal.throwIfAborted();
        await blobs.write(path, bytes);
      },
    });
    // The last word, the manifest, is written under a signal of its own.
    const stopping = transferOf(here, { signal: stop.signal });
    let opened = 0;
    await expect(
      push({ ...stopping, open: (signal) => (opened++ === 0 ? wrap(stopping.open(signal)) : stopping.open(signal)) }),
    ).rejects.toThrow();
    await expect(pull(transferOf(there))).rejects.toMatchObject({ code: 'BLOB_ABSENT' });
    expect(await push(transferOf(here))).toMatchObject({ files: 5, unchanged: 2 });
    await pull(transferOf(there));
    expect(Object.keys(filesOf(there))).toHaveLength(5);
  });

  it('goes on where a pull broke off, and keeps nothing that is damaged', async () => {
    await push(transferOf(here));
    const froms: number[] = [];
    const target = join(there, 'runs/main/artifacts/collect/documents.parquet');
    write(`${target}.pulled.part.part`, 'docu');
    const wrap = (blobs: BlobStore): BlobStore => ({
      ...blobs,
      read: (blob, from = 0) => {
        if (blob.path.endsWith('documents.parquet')) froms.push(from);
        return blobs.read(blob, from);
      },
    });
    await pull(transferOf(there, { wrap }));
    expect(froms).toEqual([4]);
    expect(readFileSync(target, 'utf8')).toBe('documents');

    rmSync(join(there, 'runs'), { recursive: true });
    write(join(store, 'main/artifacts/collect/documents.parquet'), 'd0cuments');
    await expect(pull(transferOf(there))).rejects.toMatchObject({ code: 'DATA_INTEGRITY' });
    expect(Object.keys(filesOf(there)).filter((path) => path.includes('documents'))).toEqual([]);
    expect(Object.keys(filesOf(there)).filter((path) => path.includes('steps/'))).toEqual([]);
  });

  it('replaces nothing, and follows no link', async () => {
    await push(transferOf(here));
    write(join(there, 'runs/main/artifacts/collect/documents.parquet'), 'my own');
    await expect(pull(transferOf(there))).rejects.toMatchObject({ code: 'FILE_EXISTS' });
    rmSync(join(there, 'runs/main/artifacts'), { recursive: true });
    mkdirSync(join(folder, `outside-${number}`));
    mkdirSync(join(there, 'runs/main/artifacts'));
    symlinkSync(join(folder, `outside-${number}`), join(there, 'runs/main/artifacts/collect'));
    await expect(pull(transferOf(there))).rejects.toMatchObject({ code: 'PATH_NOT_ALLOWED' });
    expect(readdirSync(join(folder, `outside-${number}`))).toEqual([]);
  });

  const wrong = [
    '../../etc/cron.d/x',
    'artifacts/../../x',
    '/etc/passwd',
    'artifacts/collect/../../../x',
    'artifacts/pretrain/model.bin',
    'steps/plan.json',
    'steps/collect.json/x',
    'events.jsonl',
    'lock/1.json',
    'artifacts/collect/.hidden',
    'artifacts/collect/a\\b',
    'artifacts/collect/a b',
    'artifacts/collect/a\u0000b',
    'artifacts/collect/con.txt',
    'artifacts/collect/x.',
    'artifacts//collect/x',
    'crawl/',
    'crawl/../x',
  ];
  it('writes nothing where its manifest leads outside', async () => {
    expect(wrong.filter(isKeptPath)).toEqual([]);
    for (const path of wrong) {
      const files = [{ path, bytes: 1, sha256: sha256('x') }];
      write(manifest(), JSON.stringify({ version: 1, complete: true, files }));
      await expect(pull(transferOf(there))).rejects.toMatchObject({ code: 'FILE_INVALID' });
    }
    expect(existsSync(there)).toBe(false);
  });
});
