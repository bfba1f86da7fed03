import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic } from './atomic-file.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-atomic-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('writeFileAtomic', () => {
  it('replaces a file and leaves nothing beside it', () => {
    const path = join(folder, 'a.json');
    writeFileSync(path, 'old');
    writeFileAtomic(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  it('says what, where and what to do, and leaves nothing behind, when the name is taken by a folder', () => {
    expect(() => writeFileAtomic(folder, 'x')).toThrowError(
      /could not be written \(E(ISDIR|EXIST|NOTEMPTY)\).*FILE_NOT_WRITTEN/s,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('reports a path through a file instead of a folder', () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    expect(() => writeFileAtomic(join(path, 'x'), 'y')).toThrowError(
      'could not be written (ENOTDIR) [FILE_NOT_WRITTEN]',
    );
    expect(readFileSync(path, 'utf8')).toBe('old');
  });
});
