/** What commands share that do a part of the work of any number of processes. */
import { formatDuration } from '../core/index.js';
import type { Invocation } from './command.js';

const everyMs = 2000;

/** Tells every two seconds how much is done by all processes and how long the rest takes; `restart` where it was waiting. */
export function workProgress({ json, terminal, clock }: Pick<Invocation, 'json' | 'terminal' | 'clock'>) {
  let startedMs = clock.now();
  let toldMs = startedMs;
  return {
    restart: (): void => {
      startedMs = clock.now();
    },
    tell: (step: string, done: number, total: number): void => {
      const nowMs = clock.now();
      if (nowMs - toldMs < everyMs) return;
      toldMs = nowMs;
      const leftMs = ((nowMs - startedMs) / done) * (total - done);
      if (json) terminal.out(`${JSON.stringify({ kind: 'progress', step, done, total, unit: 'documents' })}\n`);
      else terminal.err(`${step}: ${Math.floor((100 * done) / total)} % done, ${formatDuration(leftMs)} left\n`);
    },
  };
}

/** Work that Ctrl-C stops: undefined then, and what is done stays. */
export const stoppable = <T>(
  { interruptible }: Pick<Invocation, 'interruptible'>,
  work: (signal: AbortSignal) => Promise<T>,
  says: string,
): Promise<{ readonly value: T } | undefined> =>
  interruptible(async (signal) => {
    try {
      return { value: await work(signal) };
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }, says);
