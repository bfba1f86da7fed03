import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OctavoError } from '../../core/index.js';
import { type FetchedPackage, fetchPackage, packageFiles } from './npm-package.js';

const wanted = { name: 'kleur', version: '4.1.5' };
let folder = '';
let fetched: FetchedPackage | undefined;
const context = () => ({ cacheFolder: folder, projectFolder: folder, signal: new AbortController().signal });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octavo-npm-'));
  try {
    fetched = await fetchPackage(wanted, context());
  } catch (error) {
    if (!(error instanceof OctavoError && error.code === 'DATA_DOWNLOAD_FAILED')) throw error;
    console.warn(`SKIPPED: tests that fetch npm:kleur@4.1.5, because the registry does not answer (${error.what})`);
  }
});
afterAll(() => rm(folder, { recursive: true }));

describe('fetchPackage', () => {
  it('lists the files of the archive', async ({ skip }) => {
    if (fetched === undefined) return skip();
    const files: Record<string, string> = {};
    let read = 0;
    for await (const { path, content } of packageFiles(fetched, (bytes) => {
      read += bytes;
    })) {
      const parts = [];
      for await (const part of content) parts.push(part);
      files[path] = Buffer.concat(parts).toString();
    }
    expect(JSON.parse(files['package.json'] ?? '')).toMatchObject(wanted);
    expect(read).toBe(fetched.archiveBytes);
  });

  it('keeps the archive: a second call needs no registry', async ({ skip }) => {
    if (fetched === undefined) return skip();
    const offline = { ...context(), projectFolder: join(folder, 'no-such-folder') };
    expect(await fetchPackage(wanted, offline)).toEqual(fetched);
  });

  it('fetches a damaged archive again, and refuses another one than the first', async ({ skip }) => {
    if (fetched === undefined) return skip();
    const good = await readFile(fetched.archive);
    await writeFile(fetched.archive, good.subarray(1));
    expect(await fetchPackage(wanted, context())).toEqual(fetched);
    expect((await readFile(fetched.archive)).equals(good)).toBe(true);
    const record = join(folder, 'npm', 'kleur@4.1.5', 'integrity.txt');
    await writeFile(record, 'sha512-AAAA');
    await expect(fetchPackage(wanted, context())).rejects.toMatchObject({
      code: 'DATA_INTEGRITY',
      where: 'npm:kleur@4.1.5',
    });
    await writeFile(record, fetched.integrity);
  });

  it('says what npm says of a version that is not there', async ({ skip }) => {
    if (fetched === undefined) return skip();
    const absent = fetchPackage({ name: 'kleur', version: '0.0.999' }, context());
    await expect(absent).rejects.toMatchObject({ code: 'DATA_DOWNLOAD_FAILED', where: 'npm:kleur@0.0.999' });
  });
});
