/**
 * `octavo data push` and `pull`, killed with -9 at random moments: what has its final name is whole, steps count as done
 * only with all their files, and the same command goes on to the same bytes.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import S3rver from 's3rver';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesOf, noise } from '../../packages/octavo/src/data/blobs/blobs.test-support.js';
import { s3Fields } from '../../packages/octavo/src/data/blobs/fields.js';
import { openBlobs } from '../../packages/octavo/src/data/blobs/open-blobs.js';
import { openRunFolder, parseRunName, writeStepState } from '../../packages/octavo/src/project/index.js';
import { dataProjects, seededRandom } from './support/data-project.js';

/** One transfer is killed so often at most, then goes on to its end. */
const killsOfOne = 3;
const random = seededRandom();
const { folder, start } = dataProjects();
const keys = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };

/** By path in the run; the first goes in parts, the others in one request. */
const files: ReadonlyMap<string, Buffer> = new Map([
  ['artifacts/clean/documents.parquet', noise(9_000_000, 2)],
  ['artifacts/collect/documents.parquet', noise(2_000_000, 3)],
  ['artifacts/tokenize/train-00000.tokens', noise(1_000_000, 4)],
  ...Array.from({ length: 5 }, (_, at) => [`artifacts/tokenize/train-1${at}.tokens`, noise(2000 * at, 5)] as const),
]);

const service = new S3rver({
  port: 0,
  address: '127.0.0.1',
  silent: true,
  directory: join(folder, 's3'),
  configureBuckets: [{ name: 'kept', configs: [] }],
});
let endpoint = '';
beforeAll(async () => {
  endpoint = `http://127.0.0.1:${(await service.run()).port}`;
  const run = openRunFolder(project('origin'), parseRunName('main'));
  writeFileSync(run.events, '');
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(run.folder, path)), { recursive: true });
    writeFileSync(join(run.folder, path), bytes);
  }
  for (const step of ['collect', 'clean', 'tokenize'] as const)
    writeStepState(run.state(step), { kind: 'done', key: 'k', elapsedMs: 1, summary: {} });
});
afterAll(() => service.close());

function project(name: string): string {
  const made = join(folder, name);
  mkdirSync(made, { recursive: true });
  writeFileSync(join(made, 'octavo.yaml'), `data: { blobs: { to: nowhere, s3: { endpoint: '${endpoint}' } } }\n`);
  return made;
}

const sizeBelow = (place: string): number =>
  (existsSync(place) ? readdirSync(place, { recursive: true, withFileTypes: true }) : [])
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, entry) => sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );

const total = [...files.values()].reduce((sum, { length }) => sum + length, 0);

/** Starts a transfer, and kills it when so much has grown in a folder; whether it was killed. */
async function killed(cwd: string, args: readonly string[], { grows, by }: { grows: string; by: number }) {
  const from = sizeBelow(grows);
  const { child, ended } = start(cwd, 'data', ...args);
  let isOver = false;
  const watch = async () => {
    while (!isOver && sizeBelow(grows) - from < by) await sleep(5);
    if (!isOver) child.kill('SIGKILL');
  };
  const watching = watch();
  const { code, said } = await ended;
  isOver = true;
  await watching;
  // s3rver puts parts together in plain sight, which S3 does not: it is looked at when it has come to rest.
  for (let size = -1; size !== sizeBelow(grows); await sleep(100)) size = sizeBelow(grows);
  if (code !== null) expect(code, said).toBe(0);
  return code === null;
}

/** Kills one transfer after another, until it has been done often enough. */
async function sweep(
  kills: number,
  once: (number: number) => { readonly cwd: string; readonly args: readonly string[]; readonly grows: string },
  check: (number: number, isWhole: boolean) => Promise<void>,
): Promise<void> {
  let done = 0;
  for (let number = 0; done < kills; number++) {
    const { cwd, args, grows } = once(number);
    const before = sizeBelow(grows);
    for (let ofOne = 0; ofOne < killsOfOne && done < kills; ofOne++) {
      const left = Math.max(1, total - (sizeBelow(grows) - before));
      if (!(await killed(cwd, args, { grows, by: random() * left }))) break;
      done++;
      await check(number, false);
    }
    const { code, said } = await start(cwd, 'data', ...args).ended;
    expect(code, said).toBe(0);
    await check(number, true);
  }
}

const stores = [
  ['s3', 10, (number: number) => `s3://kept/${number}`, () => join(folder, 's3')],
  ['a folder', 4, (number: number) => join(folder, 'disk', String(number)), () => join(folder, 'disk')],
] as const;

it.each(stores)('push and pull with %s', async (kind, kills, placeOf, grows) => {
  Object.assign(process.env, keys);
  const origin = join(folder, 'origin');
  const open = (number: number) =>
    openBlobs(
      placeOf(number),
      { s3: s3Fields.parse({ endpoint }) },
      { projectFolder: origin, signal: new AbortController().signal },
      keys,
    );
  const Manifest = (bytes: Buffer): { complete: boolean } => JSON.parse(bytes.toString());

  await sweep(
    kills,
    (number) => ({ cwd: origin, args: ['push', '--blobs', placeOf(number)], grows: grows() }),
    async (number, isWhole) => {
      await using store = open(number);
      const there = new Set<string>();
      let complete = false;
      for (const blob of await store.list('main')) {
        const path = blob.path.slice('main/'.length);
        const bytes = await bytesOf(store.read(blob));
        if (path === 'manifest.json') complete = Manifest(bytes).complete;
        else if (!path.startsWith('steps/')) expect(files.get(path)?.equals(bytes), path).toBe(true);
        there.add(path);
      }
      if (isWhole) expect(complete).toBe(true);
      if (complete) for (const path of files.keys()) expect(there.has(path), path).toBe(true);
    },
  );

  await sweep(
    kills,
    (number) => {
      const cwd = project(`${kind}-${number}`);
      return { cwd, args: ['pull', '--blobs', placeOf(0)], grows: join(cwd, 'runs') };
    },
    async (number, isWhole) => {
      const run = join(folder, `${kind}-${number}`, 'runs', 'main');
      const there = (path: string) => existsSync(join(run, path));
      for (const [path, bytes] of files)
        if (isWhole || there(path)) expect(readFileSync(join(run, path)).equals(bytes), path).toBe(true);
      const isAnyDone = ['collect', 'clean', 'tokenize'].some((step) => there(`steps/${step}.json`));
      if (isWhole || isAnyDone) for (const path of files.keys()) expect(there(path), path).toBe(true);
      if (isWhole)
        expect(readdirSync(run, { recursive: true }).filter((path) => String(path).endsWith('.part'))).toEqual([]);
    },
  );
});
