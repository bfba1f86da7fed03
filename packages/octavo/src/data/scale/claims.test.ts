import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ownIdentity } from '../../project/index.js';
import { claims } from './claims.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-claims-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('claims', () => {
  it('give a shard to one, and to the next once it is released', () => {
    const [one, other] = [claims(folder), claims(folder)];
    const claim = one.take('a');
    expect(claim).toBeDefined();
    expect(other.take('a')).toBeUndefined();
    expect(other.take('b')).toBeDefined();
    claim?.release();
    expect(other.take('a')).toBeDefined();
  });

  it('of a process that is gone are taken over at once', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(join(folder, 'dead'), JSON.stringify({ ...ownIdentity(), pid, started: 'ticks 1' }));
    expect(claims(folder).take('dead')).toBeDefined();
    expect(readdirSync(folder).filter((name) => name.includes('abandoned'))).toEqual([]);
  });

  it.each([
    ['another host', JSON.stringify({ ...ownIdentity(), host: 'elsewhere' })],
    ['a writer that died in between', '{"host":'],
  ])('of %s stand while they are touched, and fall afterwards', (name, text) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    expect(claims(folder).take(name)).toBeUndefined();
    const longAgo = Date.now() / 1000 - 600;
    utimesSync(path, longAgo, longAgo);
    expect(claims(folder).take(name)).toBeDefined();
    expect(existsSync(path)).toBe(true);
  });
});
