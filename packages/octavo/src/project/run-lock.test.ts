import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ownIdentity } from './process-identity.js';
import { acquireLock, lockHolder } from './run-lock.js';
import { transpileRooms } from './transpile.test-support.js';

let rooms: ReturnType<typeof transpileRooms>;
let root = '';
let folder = '';
let count = 0;
beforeAll(() => {
  rooms = transpileRooms(['core', 'project']);
  root = mkdtempSync(join(tmpdir(), 'octavo-lock-'));
});
afterAll(() => {
  rooms.remove();
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  count += 1;
  folder = join(root, String(count));
});

/** A process that says `ready`, takes the lock on `go`, says `won` or the error, and stays until its input ends. */
const contender = (): { readonly child: ChildProcess; readonly line: () => Promise<string> } => {
  const script = `
    const { acquireLock } = await import(${JSON.stringify(join(rooms.folder, 'project', 'run-lock.js'))});
    console.log('ready');
    process.stdin.once('data', () => {
      try { acquireLock(${JSON.stringify(folder)}, 'runs/main'); console.log('won'); }
      catch (error) { console.log(error.code + ' ' + error.what); }
    });
    process.stdin.on('end', () => process.exit());`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => String((await lines.next()).value) };
};

const claimOf = (identity: object) => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '7.json'), JSON.stringify(identity));
};

describe('the lock of a run', () => {
  it('lets exactly one of 24 simultaneous starts win, also over a dead holder, and frees itself when that is killed', async () => {
    claimOf({ ...ownIdentity(), started: 'before' });
    const contenders = Array.from({ length: 24 }, contender);
    for (const { line } of contenders) expect(await line()).toBe('ready');
    for (const { child } of contenders) child.stdin?.write('go\n');
    const said = await Promise.all(contenders.map(({ line }) => line()));
    const winner = contenders[said.indexOf('won')]?.child;
    expect(said.filter((line) => line === 'won')).toHaveLength(1);
    expect(new Set(said.filter((line) => line !== 'won'))).toEqual(
      new Set([`RUN_LOCKED process ${winner?.pid} on ${ownIdentity().host} is writing to this run`]),
    );
    expect(lockHolder(folder)?.pid).toBe(winner?.pid);
    const gone = new Promise((resolve) => winner?.once('exit', resolve));
    winner?.kill('SIGKILL');
    await gone;
    expect(lockHolder(folder)).toBeUndefined();
    acquireLock(folder, 'runs/main').release();
    for (const { child } of contenders) child.stdin?.end();
  });

  it('is free again after a release, and keeps no more than the last claims', () => {
    for (let round = 0; round < 5; round += 1) acquireLock(folder, 'runs/main').release();
    expect(lockHolder(folder)).toBeUndefined();
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('says who holds it, and what to do', () => {
    const lock = acquireLock(folder, 'runs/main');
    expect(() => acquireLock(folder, 'runs/main')).toThrowError(
      `runs/main: process ${process.pid} on ${ownIdentity().host} is writing to this run [RUN_LOCKED]\n` +
        `  → wait for it, stop it with \`kill ${process.pid}\`, or start another run with --run`,
    );
    lock.release();
  });

  it.each([
    ['a process number that another process got', () => ({ ...ownIdentity(), started: 'earlier' })],
    ['a process that is gone', () => ({ ...ownIdentity(), pid: 2 ** 22 + 1 })],
    ['an earlier boot', () => ({ ...ownIdentity(), scope: `00000000 ${ownIdentity().scope.split(' ')[1] ?? ''}` })],
    ['nobody: it was released', () => ({ released: true })],
    ['a damaged claim', () => ['not a claim']],
  ])('is taken over from %s', (_, claim) => {
    claimOf(claim());
    acquireLock(folder, 'runs/main');
    expect(lockHolder(folder)?.pid).toBe(process.pid);
    expect(JSON.parse(readFileSync(join(folder, '8.json'), 'utf8'))).toMatchObject({ pid: process.pid });
  });

  it.each([
    ['another host', () => ({ ...ownIdentity(), host: 'elsewhere' })],
    ['another container', () => ({ ...ownIdentity(), scope: `${ownIdentity().scope.split(' ')[0]} pid:[1]` })],
  ])('is not taken over from %s, where nobody can look', (_, claim) => {
    claimOf(claim());
    expect(() => acquireLock(folder, 'runs/main')).toThrowError(
      /it cannot be seen from here: if it no longer runs, delete .*\/\d+ and/,
    );
  });
});
