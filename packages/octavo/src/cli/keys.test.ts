import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from './program.js';
import { surroundings } from './surroundings.test-support.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-keys-'));
  writeFileSync(join(folder, 'octavo.yaml'), '');
});
afterEach(() => rmSync(folder, { recursive: true }));

const octavo = async (...line: readonly string[]) => {
  const around = surroundings(folder);
  return { code: await runCommandLine(line, around), printed: around.printed(), said: around.said() };
};

describe('octavo keys', () => {
  it('makes a key that is printed alone and once, lists it without it, and revokes it', async () => {
    const made = await octavo(
      'keys',
      'create',
      '--name',
      'alice',
      '--scope',
      'infer',
      '--scope',
      'metrics',
      '--expires',
      '12h',
    );
    expect(made.code).toBe(0);
    const key = made.printed.trim();
    expect(key).toMatch(/^octavo-[A-Za-z0-9_-]{43}$/);
    expect(made.said).not.toContain(key);
    const file = join(folder, '.octavo', 'keys.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain(key);

    const listed = await octavo('keys', 'list', '--json');
    expect(listed.printed).not.toContain(key);
    const [first]: readonly { readonly id: string; readonly createdAtMs: number; readonly expiresAtMs: number }[] =
      JSON.parse(listed.printed);
    expect(first).toMatchObject({ name: 'alice', state: 'valid', scopes: ['infer', 'metrics'] });
    expect((first?.expiresAtMs ?? 0) - (first?.createdAtMs ?? 0)).toBe(12 * 3_600_000);

    expect((await octavo('keys', 'revoke', first?.id ?? '')).code).toBe(0);
    expect((await octavo('keys', 'list')).printed).toContain('revoked');
  });

  it.each([
    [['keys'], 'missing required argument'],
    [['keys', 'destroy'], 'is not one of create, list, revoke'],
    [['keys', 'revoke'], 'the id of a key is missing'],
    [['keys', 'revoke', 'key_none'], 'there is no key'],
    [['keys', 'create', '--scope', 'everything'], 'is not one of infer, metrics, admin'],
    [['keys', 'create', '--expires', 'soon'], 'such as 90d or 12h'],
  ])('refuses %j with exit code 2', async (line, words) => {
    const { code, said } = await octavo(...line);
    expect([code, said]).toEqual([2, expect.stringContaining(words)]);
  });
});

describe('octavo serve and chat', () => {
  it.each([
    [['serve'], 'this run has not begun'],
    [['serve', '--port', '70000'], '--port'],
    [['serve', '--host', 'a b'], '--host'],
    [['serve', '--keys', 'nowhere.json'], 'there is no file of API keys'],
    [['chat'], 'this run has not begun'],
    [['chat', '--temperature', 'hot'], '--temperature'],
    [['chat', '--json'], 'needs one question'],
  ])('refuse %j with exit code 2', async (line, words) => {
    const { code, said, printed } = await octavo(...line);
    expect([code, said + printed]).toEqual([2, expect.stringContaining(words)]);
  });
});
