import { describe, expect, it } from 'vitest';
import type { EventBody, RunEvent } from '../core/index.js';
import { runState } from './run-state.js';

/** Events a second apart. */
const timed = (...bodies: readonly EventBody[]): readonly RunEvent[] =>
  bodies.map((body, index) => ({ ...body, timeMs: index * 1000 }));
const started: EventBody = { kind: 'run-started', run: 'main', version: '0', machine: {} };
const begins: EventBody = { kind: 'step-started', step: 'pretrain', key: 'k' };
const progress = (done: number): EventBody => ({ kind: 'progress', step: 'pretrain', done, total: 100, unit: 'steps' });
const loss = (at: number, value: number): EventBody => ({
  kind: 'metric',
  step: 'pretrain',
  at,
  values: { loss: value },
});
const sample = (at: number): EventBody => ({ kind: 'sample', step: 'pretrain', at, prompt: 'p', text: `t${at}` });
const rewind = (at: number): EventBody => ({ kind: 'rewind', step: 'pretrain', at, reason: 'resumed' });
const pretrain = (...bodies: readonly EventBody[]) => runState(timed(...bodies)).steps.get('pretrain');

describe('runState', () => {
  it('begins with eleven waiting steps', () => {
    const state = runState([]);
    expect(state.outcome).toBe('waiting');
    expect([...state.steps.values()].map(({ status }) => status.kind)).toEqual(
      Array.from({ length: 11 }, () => 'waiting'),
    );
  });

  it('knows rate and remaining time from the reports alone', () => {
    const view = pretrain(started, begins, progress(0), progress(5), progress(10));
    expect(view?.progress).toEqual({
      done: 10,
      total: 100,
      unit: 'steps',
      note: undefined,
      ratePerSecond: 5,
      etaMs: 18_000,
    });
    expect(pretrain(started, begins, progress(5))?.progress).toMatchObject({
      ratePerSecond: undefined,
      etaMs: undefined,
    });
  });

  it('measures the rate over the last half minute', () => {
    const slow = Array.from({ length: 60 }, (_, index) => progress(index));
    const fast = Array.from({ length: 40 }, (_, index) => progress(60 + index));
    const events = [...timed(...slow), ...fast.map((body, index) => ({ ...body, timeMs: 60_000 + index * 500 }))];
    expect(runState([...timed(begins), ...events.slice(0, 60)]).steps.get('pretrain')?.progress?.ratePerSecond).toBe(1);
    const last = events.map((event) => ({ ...event, timeMs: event.timeMs + (event.timeMs >= 60_000 ? 30_000 : 0) }));
    expect(runState(last).steps.get('pretrain')?.progress?.ratePerSecond).toBe(2);
  });

  it('forgets what a rewind undid, and shows no step twice', () => {
    const view = pretrain(
      started,
      begins,
      loss(1, 9),
      sample(1),
      loss(2, 8),
      loss(3, 7),
      sample(3),
      rewind(1),
      loss(2, 8),
      loss(3, 6),
    );
    expect(view?.metrics.get('loss')?.map(({ at, value }) => [at, value])).toEqual([
      [1, 9],
      [2, 8],
      [3, 6],
    ]);
    expect(view?.samples.map(({ at }) => at)).toEqual([1]);
    expect(pretrain(loss(0, 1), loss(1, 1), rewind(-1))?.metrics.get('loss')).toEqual([]);
  });

  it('keeps time and summary of a step that is skipped later', () => {
    const view = pretrain(
      started,
      begins,
      { kind: 'step-finished', step: 'pretrain', elapsedMs: 7, summary: { loss: 1 } },
      started,
      {
        kind: 'step-skipped',
        step: 'pretrain',
        key: 'k',
      },
    );
    expect(view?.status).toEqual({ kind: 'done', skipped: true, elapsedMs: 7, summary: { loss: 1 } });
  });

  it('knows after a crash that the step did not finish', () => {
    expect(pretrain(started, begins, progress(1))?.status).toEqual({ kind: 'running', startedAtMs: 1000 });
    expect(pretrain(started, begins, progress(1), started)?.status).toEqual({ kind: 'interrupted' });
  });

  it('keeps errors, warnings, checkpoints and the outcome', () => {
    const state = runState(
      timed(
        started,
        begins,
        { kind: 'warning', step: 'pretrain', text: 'slow' },
        { kind: 'checkpoint', step: 'pretrain', at: 5, path: 'c', bytes: 9, elapsedMs: 1 },
        { kind: 'memory', step: 'pretrain', arenaBytes: 3, scratchBytes: 2, stateBytes: 1, blocks: [] },
        { kind: 'step-failed', step: 'pretrain', error: { code: 'X' } },
        { kind: 'run-finished', outcome: 'failed', elapsedMs: 5 },
      ),
    );
    expect(state).toMatchObject({ run: 'main', outcome: 'failed', startedAtMs: 0, lastEventMs: 6000 });
    expect(state.steps.get('pretrain')).toMatchObject({
      status: { kind: 'failed', error: { code: 'X' } },
      warnings: ['slow'],
      memory: { arenaBytes: 3, scratchBytes: 2, stateBytes: 1, blocks: [] },
      checkpoints: [{ at: 5, path: 'c', bytes: 9, elapsedMs: 1, timeMs: 3000 }],
    });
  });
});
