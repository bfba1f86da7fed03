import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTar } from './tar.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-tar-'));
  mkdirSync(join(folder, 'package/deep'.concat('/long-name'.repeat(14))), { recursive: true });
  writeFileSync(join(folder, 'package/a.txt'), 'short');
  writeFileSync(join(folder, 'package/big.bin'), Buffer.alloc(100_001, 7));
  writeFileSync(join(folder, `package/deep${'/long-name'.repeat(14)}/é.txt`), 'found');
  symlinkSync('/etc/passwd', join(folder, 'link'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const tar = (...options: string[]): Buffer =>
  execFileSync('tar', ['-C', folder, '-cf', '-', ...options], { maxBuffer: 1 << 26 });

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function list(bytes: Uint8Array, size = 1000): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const member of readTar(inPieces(bytes, size), 'archive')) {
    const parts = [];
    for await (const part of member.content) parts.push(part);
    found[member.path] = Buffer.concat(parts).toString().slice(0, 5);
  }
  return found;
}

/** A header as ustar wants it; `name` may be as bad as it likes. */
function member(name: string, options: { readonly kind?: string; readonly size?: string } = {}): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 'latin1');
  header.write(options.size ?? '00000000000', 124, 'latin1');
  header.write('        ', 148, 'latin1');
  header.write(options.kind ?? '0', 156, 'latin1');
  header.write(
    header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0'),
    148,
    'latin1',
  );
  return Buffer.concat([header, Buffer.alloc(1024)]);
}

describe('readTar', () => {
  it.each(['ustar', 'gnu', 'pax'])('reads what tar writes as %s', async (format) => {
    for (const size of [100, 512, 1 << 20]) {
      const found = await list(tar(`--format=${format}`, 'package'), size);
      expect(found['a.txt']).toBe('short');
      expect(found['big.bin']).toBe('\x07'.repeat(5));
      expect(found[`deep${'/long-name'.repeat(14)}/é.txt`]).toBe('found');
    }
  });

  it('skips what its reader leaves, wholly or half way', async () => {
    const paths: string[] = [];
    for await (const { path, content } of readTar(inPieces(tar('package/big.bin', 'package/a.txt'), 4096), 'archive')) {
      paths.push(path);
      for await (const _ of content) break;
    }
    expect(paths).toEqual(['big.bin', 'a.txt']);
  });

  it('refuses links', async () => {
    await expect(list(tar('link'))).rejects.toMatchObject({ code: 'DATA_ARCHIVE_REFUSED', where: 'archive' });
    await expect(list(member('package/x', { kind: '1' }))).rejects.toThrow('is a link or a device');
  });

  it.each([
    '../x',
    'package/../../x',
    '/etc/passwd',
    'package//x',
    'package/./x',
    'package/a\\b',
    'package/c:x',
    'package/a\u0001',
  ])('refuses the name %j', async (name) => {
    await expect(list(member(name))).rejects.toThrow('unsafe name');
  });

  it('refuses sizes that are no numbers, too large, or beyond the end', async () => {
    for (const size of ['77777777777', '-0000000001', '0000000zzzz', '00000010000']) {
      await expect(list(member('package/x', { size })), size).rejects.toMatchObject({ code: 'DATA_ARCHIVE_REFUSED' });
    }
  });

  it('never throws anything but its own error on flipped bytes', async () => {
    const good = tar('--format=pax', 'package/a.txt', `package/deep${'/long-name'.repeat(14)}/é.txt`);
    for (let at = 0; at < good.length; at += 13) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x55;
      await list(bad).catch((error: unknown) => expect(error).toMatchObject({ code: 'DATA_ARCHIVE_REFUSED' }));
    }
    expect(readFileSync(join(folder, 'package/a.txt'), 'utf8')).toBe('short');
  });
});
