import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const built = fileURLToPath(new URL('../../packages/octavo/dist', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'octavo-full-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program on a file system of its own that holds 64 KiB. */
const onSmallDisk = (program: string) =>
  spawnSync(
    'unshare',
    [
      '--mount',
      '--map-root-user',
      'sh',
      '-c',
      `mount -t tmpfs -o size=64k none ${folder} && cd ${folder} && exec "$0" --input-type=module -e "$1"`,
      process.execPath,
      program,
    ],
    { encoding: 'utf8' },
  );

const possible = onSmallDisk('0').status === 0;
if (!possible) console.warn('skipped: this machine lets nobody mount a small disk (unshare), so no disk can be filled');

describe.skipIf(!possible)('on a full disk', () => {
  it('the event log says so, stays readable, and goes on when there is room again', () => {
    const { stdout, stderr } = onSmallDisk(`
      import { writeFileSync, rmSync, readFileSync } from 'node:fs';
      const { EventLog, readEvents } = await import('${built}/project/index.js');
      writeFileSync('ballast', Buffer.alloc(20_000));
      const log = new EventLog('events.jsonl', { now: () => 1 });
      let count = 0;
      let error;
      for (; error === undefined && count < 10_000; count += error === undefined ? 1 : 0)
        try { log.emit({ kind: 'warning', step: 'plan', text: 'x'.repeat(997) }); } catch (caught) { error = caught; }
      const full = await readEvents('events.jsonl');
      const torn = !readFileSync('events.jsonl', 'utf8').endsWith('\\n');
      rmSync('ballast');
      log.emit({ kind: 'warning', step: 'plan', text: 'room again' });
      const after = await readEvents('events.jsonl');
      console.log(JSON.stringify({ count, code: error.code, message: error.message, full: full.length, torn, last: after.at(-1).text, after: after.length }));
    `);
    expect(stderr).toBe('');
    const said = JSON.parse(stdout);
    expect(said.count).toBeGreaterThan(20);
    expect(said).toMatchObject({
      code: 'FILE_NOT_WRITTEN',
      full: said.count,
      torn: false,
      last: 'room again',
      after: said.count + 1,
    });
    expect(said.message).toBe(
      'events.jsonl: could not be written (ENOSPC) [FILE_NOT_WRITTEN]\n  → the disk is full: free some space and start the same command again',
    );
  });

  it('a file that cannot be replaced keeps its old contents, and nothing is left beside it', () => {
    const { stdout, stderr } = onSmallDisk(`
      import { readFileSync, readdirSync } from 'node:fs';
      const { writeFileAtomic } = await import('${built}/core/index.js');
      writeFileAtomic('state.json', 'old');
      let code;
      try { writeFileAtomic('state.json', Buffer.alloc(100_000)); } catch (error) { code = error.code; }
      console.log(JSON.stringify({ code, contents: readFileSync('state.json', 'utf8'), files: readdirSync('.') }));
    `);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ code: 'FILE_NOT_WRITTEN', contents: 'old', files: ['state.json'] });
  });
});
