import { execFileSync, spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { xzBaseline } from './xz-baseline.js';

const present = spawnSync('xz', ['--version']).status === 0;
if (!present) console.warn('skipped: xz is not installed, so its baseline is not held to the program');
const signal = new AbortController().signal;

describe('xzBaseline', () => {
  it.skipIf(!present)('is what the program gives for the two files, and little for a repeated text', async () => {
    const training = Buffer.alloc(30_000);
    randomFillSync(training);
    const fresh = Buffer.alloc(5_000);
    randomFillSync(fresh);
    const size = (bytes: Buffer) => execFileSync('xz', ['-9e', '-c'], { input: bytes }).length;
    const repeated = await xzBaseline({ training, heldOut: training.subarray(0, 5000), signal });
    expect(repeated).toMatchObject({ kind: 'measured' });
    if (repeated.kind !== 'measured') return;
    expect(repeated.bitsPerByte).toBeLessThan(1);
    const result = await xzBaseline({ training, heldOut: fresh, signal });
    const expected = (8 * (size(Buffer.concat([training, fresh])) - size(training))) / fresh.length;
    expect(result).toEqual({ kind: 'measured', bitsPerByte: expected });
    expect(expected).toBeGreaterThan(7.9);
  });
  it.skipIf(!present)('stops when told to', async () => {
    await expect(
      xzBaseline({ training: new Uint8Array(9), heldOut: new Uint8Array(9), signal: AbortSignal.abort() }),
    ).rejects.toThrow();
  });
});
