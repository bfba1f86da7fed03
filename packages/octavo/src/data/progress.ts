import type { Clock, Emit, StepName } from '../core/index.js';

/** Counts towards a total and tells of it at most five times a second. */
export function progress(
  step: StepName,
  {
    emit,
    clock,
    total,
    unit,
  }: { readonly emit: Emit; readonly clock: Clock; readonly total: number; readonly unit: string },
): { readonly add: (count: number, note?: string) => void; readonly finish: () => void } {
  let done = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const tell = (note?: string) =>
    emit({ kind: 'progress', step, done, total, unit, ...(note === undefined ? {} : { note }) });
  return {
    add: (count, note) => {
      done = Math.min(total, done + count);
      const nowMs = clock.now();
      if (nowMs - toldAtMs < 200 && note === undefined) return;
      toldAtMs = nowMs;
      tell(note);
    },
    finish: () => {
      done = total;
      tell();
    },
  };
}
