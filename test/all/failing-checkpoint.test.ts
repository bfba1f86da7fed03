// Every write, fsync and rename of a checkpoint made to fail in turn: the checkpoint before it stays valid, nothing half
// written gets a final name, and the exit code is 1 with the reason.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newestCheckpoint } from '../../packages/octavo/src/training/index.js';

const support = fileURLToPath(new URL('./support/', import.meta.url));
const errors = { EIO: 5, ENOSPC: 28, 'short write': 0 } as const;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-faults-'));
  execFileSync('g++', [
    '-x',
    'c',
    '-std=gnu11',
    '-shared',
    '-fPIC',
    '-O1',
    '-w',
    '-o',
    join(folder, 'failing-io.so'),
    join(support, 'failing-io.c'),
    '-ldl',
  ]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const save = (target: string, fault: string) =>
  spawnSync(process.execPath, [join(support, 'save-twice.mjs'), target], {
    encoding: 'utf8',
    env: { ...process.env, LD_PRELOAD: join(folder, 'failing-io.so'), OCTAVO_FAULT: fault, UV_THREADPOOL_SIZE: '1' },
  });

describe.skipIf(process.platform !== 'linux').each(Object.entries(errors))('%s', (name, code) => {
  it.each(code === 0 ? ['write'] : ['write', 'fsync', 'rename'])(
    'at every %s of the second save leaves a valid checkpoint',
    (call) => {
      let hit = 0;
      for (let k = 1; k <= 40; k++) {
        const target = mkdtempSync(join(folder, 'run-'));
        const { status, stderr } = save(target, `step-000002 ${call} ${k} ${code}`);
        const { checkpoint, skipped } = newestCheckpoint(target);
        expect(skipped, `${call} ${k}`).toEqual([]);
        expect(
          readdirSync(target).filter((entry) => entry.includes('tmp')),
          `${call} ${k}`,
        ).toEqual([]);
        if (code === 0 || status === 0) {
          expect(checkpoint?.manifest.step).toBe(2);
          if (code !== 0) break;
          hit = k;
          if (k === 8) break;
          continue;
        }
        hit = k;
        expect(status, stderr).toBe(1);
        expect(stderr).toContain(name);
        expect(checkpoint?.manifest.step).toBe(1);
      }
      expect(hit, 'faults that were met').toBeGreaterThan(call === 'rename' ? 0 : 2);
    },
  );
});
