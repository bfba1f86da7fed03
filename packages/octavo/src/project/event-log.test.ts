import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../core/index.js';
import { EventLog } from './event-log.js';
import { followEvents, parseEvent, readEvents } from './event-read.js';

let folder = '';
let path = '';
const clock = { now: () => 1000 };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-events-'));
  path = join(folder, 'events.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const progress = (done: number) => ({ kind: 'progress', step: 'pretrain', done, total: 10, unit: 'steps' }) as const;
const doneOf = (events: readonly RunEvent[]) => events.map((event) => (event.kind === 'progress' ? event.done : -1));

const everyKind: readonly RunEvent[] = [
  { kind: 'run-started', run: 'main', version: '0.1.0', machine: { cores: 2 }, timeMs: 1000 },
  { kind: 'run-finished', outcome: 'done', elapsedMs: 5, timeMs: 1000 },
  { kind: 'step-started', step: 'plan', key: 'abc', timeMs: 1000 },
  { kind: 'step-skipped', step: 'plan', key: 'abc', timeMs: 1000 },
  { kind: 'step-finished', step: 'plan', elapsedMs: 3, summary: { a: [1, { b: null }] }, timeMs: 1000 },
  { kind: 'step-failed', step: 'plan', error: { code: 'X' }, timeMs: 1000 },
  { kind: 'step-interrupted', step: 'plan', timeMs: 1000 },
  { kind: 'progress', step: 'collect', done: 1, total: 2, unit: 'MB', note: 'reading', timeMs: 1000 },
  {
    kind: 'metric',
    step: 'pretrain',
    at: 3,
    values: { loss: Number.NaN, gradientNorm: Number.POSITIVE_INFINITY, rate: -1e-300 },
    timeMs: 1000,
  },
  { kind: 'sample', step: 'pretrain', at: 3, prompt: 'A "quote"\n', text: '中文\u2028\u0000', timeMs: 1000 },
  { kind: 'checkpoint', step: 'pretrain', at: 3, path: 'p', bytes: 1, elapsedMs: 2, timeMs: 1000 },
  {
    kind: 'memory',
    step: 'pretrain',
    arenaBytes: 3,
    scratchBytes: 2,
    stateBytes: 1,
    blocks: [{ kind: 'value', path: 'blocks.0', bytes: 3, offset: 0, from: 1, to: 2 }],
    timeMs: 1000,
  },
  { kind: 'rewind', step: 'pretrain', at: 2, reason: 'resumed', timeMs: 1000 },
  { kind: 'warning', step: 'pretrain', text: 'careful', timeMs: 1000 },
];

describe('the event log', () => {
  it('gives back every kind of event, not-a-number and infinities too, and tells its listener the same', async () => {
    const heard: RunEvent[] = [];
    using log = new EventLog(path, clock, (event) => heard.push(event));
    for (const { timeMs: _, ...event } of everyKind) log.emit(event);
    expect(await readEvents(path)).toEqual(everyKind);
    expect(heard).toEqual(everyKind);
  });

  it('cuts a line torn at any byte, and goes on after it', async () => {
    {
      using log = new EventLog(path, clock);
      log.emit(progress(1));
      log.emit(progress(2));
    }
    const whole = readFileSync(path);
    const first = whole.indexOf(0x0a) + 1;
    for (let cut = 0; cut <= whole.length; cut += 1) {
      writeFileSync(path, whole.subarray(0, cut));
      const before = doneOf(await readEvents(path));
      {
        using log = new EventLog(path, clock);
        log.emit(progress(3));
      }
      expect(before).toEqual(cut < first ? [] : cut < whole.length ? [1] : [1, 2]);
      expect(doneOf(await readEvents(path))).toEqual([...before, 3]);
    }
  });

  it('finds the end of the last whole line behind a long torn one', async () => {
    writeFileSync(path, `${JSON.stringify({ ...progress(1), timeMs: 1 })}\n${'x'.repeat(300_000)}`);
    {
      using log = new EventLog(path, clock);
      log.emit(progress(2));
    }
    expect(doneOf(await readEvents(path))).toEqual([1, 2]);
  });

  it('reads lines that cross the edges of its buffer', async () => {
    using log = new EventLog(path, clock);
    for (let index = 0; index < 40; index += 1)
      log.emit({ kind: 'sample', step: 'pretrain', at: index, prompt: '', text: '字'.repeat(index * 1777) });
    const events = await readEvents(path);
    expect(events.map((event) => (event.kind === 'sample' ? event.text.length : -1))).toEqual(
      Array.from({ length: 40 }, (_, index) => index * 1777),
    );
  });

  it('does not write through a link', () => {
    symlinkSync(join(folder, 'elsewhere'), path);
    expect(() => new EventLog(path, clock)).toThrowError('ELOOP');
  });

  it('skips lines that are no events, and kinds it does not know', async () => {
    writeFileSync(
      path,
      'garbage\n{"kind":"later-kind","step":"plan","timeMs":1}\n\n[]\n{"kind":"warning","step":"plan","text":"x"}\n',
    );
    appendFileSync(path, `${JSON.stringify({ ...progress(1), timeMs: 1 })}\n`);
    expect(doneOf(await readEvents(path))).toEqual([1]);
  });

  it('takes any text for a line without throwing', () =>
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => void parseEvent(line))));

  it('is empty before the run has begun', async () => expect(await readEvents(path)).toEqual([]));

  it('is followed while it grows, each event once, half lines only when they are whole', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const event of followEvents(path, { signal: stop.signal, pollMs: 1 })) {
        seen.push(...doneOf([event]));
        if (seen.length === 4) stop.abort();
      }
    })();
    using log = new EventLog(path, clock);
    log.emit(progress(1));
    log.emit(progress(2));
    const third = `${JSON.stringify({ ...progress(3), timeMs: 1 })}\n`;
    appendFileSync(path, third.slice(0, 20));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen).toEqual([1, 2]);
    appendFileSync(path, third.slice(20));
    log.emit(progress(4));
    await following;
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});
