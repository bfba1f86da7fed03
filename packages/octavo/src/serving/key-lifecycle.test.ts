import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openKeys } from './key-check.js';
import { type KeyScope, readKeyFile } from './key-file.js';
import { createKey, listKeys, revokeKey } from './keys.js';
import { testServer } from './tiny-server.test-support.js';

let folder: string;
let path: string;
let now = 1_000;
const clock = { now: () => now };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-keys-'));
  path = join(folder, 'inner', 'keys.json');
  now = 1_000;
});
afterEach(() => rmSync(folder, { recursive: true }));

const make = (scopes: readonly KeyScope[] = ['infer'], lifetimeMs?: number) =>
  createKey(path, {
    name: 'somebody',
    scopes,
    clock,
    random: randomBytes,
    ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
  });
const bearer = (key: string) => `Bearer ${key}`;

describe('keys', () => {
  it('hold 256 random bits, and only their hash is kept, in a file of their owner', () => {
    const { key } = make();
    expect(Buffer.from(key.replace('octavo-', ''), 'base64url')).toHaveLength(32);
    expect(readFileSync(path, 'utf8')).not.toContain(key.slice(7, 27));
    expect(JSON.stringify(listKeys(path, clock))).not.toContain('sha256');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(make().key).not.toBe(key);
  });

  it('live from their making to their expiry or revocation, which a running server sees at once', () => {
    const { key, stored } = make(['infer'], 4_000);
    const keys = openKeys(path, clock);
    expect(keys.check(bearer(key), 'infer')).toEqual({ kind: 'granted', keyId: stored.id });
    now = 5_000;
    expect(keys.check(bearer(key), 'infer')).toEqual({ kind: 'refused', reason: 'invalid' });
    expect(keys.valid()).toBe(0);
    const later = make();
    expect(keys.check(bearer(later.key), 'infer').kind).toBe('granted');
    expect(listKeys(path, clock).map(({ state }) => state)).toEqual(['expired', 'valid']);
    revokeKey(path, later.stored.id, clock);
    expect(keys.check(bearer(later.key), 'infer')).toEqual({ kind: 'refused', reason: 'invalid' });
    expect(() => revokeKey(path, 'key_deadbeef', clock)).toThrow(/no key "key_deadbeef"/);
  });

  it('do only what their scopes say', () => {
    const metrics = make(['metrics']).key;
    const admin = make(['admin']).key;
    const keys = openKeys(path, clock);
    expect(keys.check(bearer(metrics), 'metrics').kind).toBe('granted');
    expect(keys.check(bearer(metrics), 'infer')).toEqual({ kind: 'refused', reason: 'scope' });
    expect(keys.check(bearer(admin), 'infer').kind).toBe('granted');
  });

  it.each(['', 'Bearer', 'Bearer ', 'Basic x', 'Bearer octavo-', `Bearer ${'a'.repeat(300)}`, 'Bearer a b', undefined])(
    'refuse %s',
    (header) => {
      make();
      expect(openKeys(path, clock).check(header, 'infer').kind).toBe('refused');
    },
  );

  it('refuse a key with one character changed, anywhere', () => {
    const { key } = make();
    const keys = openKeys(path, clock);
    for (let at = 0; at < key.length - 1; at++) {
      const wrong = `${key.slice(0, at)}${key[at] === 'A' ? 'B' : 'A'}${key.slice(at + 1)}`;
      expect(keys.check(bearer(wrong), 'infer')).toEqual({ kind: 'refused', reason: 'invalid' });
    }
  });

  it('let nobody in while their file is lost or damaged', () => {
    const { key } = make();
    const whole = readFileSync(path);
    const keys = openKeys(path, clock);
    writeFileSync(path, '{"version":1,"keys":[]');
    expect(keys.check(bearer(key), 'infer')).toEqual({ kind: 'unavailable' });
    unlinkSync(path);
    expect(keys.check(bearer(key), 'infer')).toEqual({ kind: 'unavailable' });
    writeFileSync(path, whole, { mode: 0o600 });
    expect(keys.check(bearer(key), 'infer').kind).toBe('granted');
    expect(() => openKeys(join(folder, 'none.json'), clock)).toThrow(/octavo keys create/);
  });

  it('are not read from a file that others may read', () => {
    make();
    chmodSync(path, 0o644);
    expect(() => readKeyFile(path)).toThrow(/chmod 600/);
  });

  it('guard everything but /health and /ready, and appear in no log, answer or figure', async () => {
    const infer = make(['infer']);
    const metrics = make(['metrics']);
    const guess = 'octavo-this-is-a-guess-that-nobody-may-see';
    await using test = await testServer({ keys: openKeys(path, clock) });
    const seen: string[] = [];
    const statusOf = async (route: string, key?: string) => {
      const response = await fetch(
        `${test.server.url}${route}`,
        key === undefined ? {} : { headers: { authorization: bearer(key) } },
      );
      seen.push(await response.text(), JSON.stringify([...response.headers]));
      return response.status;
    };
    expect(await statusOf('/health')).toBe(200);
    expect(await statusOf('/ready')).toBe(200);
    for (const route of [
      '/v1/models',
      '/metrics',
      '/nothing',
      '//health',
      '/health/',
      `/v1/models?api_key=${infer.key}`,
    ]) {
      expect(await statusOf(route)).toBe(401);
      expect(await statusOf(route, guess)).toBe(401);
    }
    expect(await statusOf('/v1/models', infer.key)).toBe(200);
    expect(await statusOf('/metrics', infer.key)).toBe(403);
    expect(await statusOf('/v1/models', metrics.key)).toBe(403);
    expect(await statusOf('/metrics', metrics.key)).toBe(200);
    expect(test.entries.some((entry) => entry.event === 'request' && entry.keyId === infer.stored.id)).toBe(true);
    const everything = `${JSON.stringify(test.entries)}${seen.join()}${readFileSync(path, 'utf8')}`;
    for (const secret of [infer.key, metrics.key, guess]) expect(everything).not.toContain(secret.slice(7));
  });

  it('are asked for when others can reach the server', async () => {
    await expect(testServer({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'SERVE_INSECURE' });
    const { stored } = make();
    revokeKey(path, stored.id, clock);
    await expect(testServer({ host: '0.0.0.0', keys: openKeys(path, clock) })).rejects.toMatchObject({
      code: 'SERVE_INSECURE',
    });
    make();
    await using open = await testServer({ host: '0.0.0.0', keys: openKeys(path, clock) });
    expect((await fetch(`${open.server.url}/v1/models`)).status).toBe(401);
  });
});
