import type { Invocation } from './command.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGHUP'] as const;

/** Kubernetes kills 30 s after its SIGTERM; what is not saved by then never will be. */
const graceMs = 25_000;

/**
 * Lets signals stop work in order: the first aborts, so that the running step saves and returns; the second, or a step
 * that does not return in time, ends the process with what was saved before.
 */
export const interruptibleBy =
  (process: NodeJS.Process, say: (text: string) => void): Invocation['interruptible'] =>
  async (work, says = 'saving, then stopping') => {
    const stop = new AbortController();
    const leave = () => process.exit(130);
    let grace: NodeJS.Timeout | undefined;
    const heard = (signal: NodeJS.Signals) => {
      if (stop.signal.aborted) return leave();
      say(`\n${signal}: ${says}. Once more to leave at once.\n`);
      grace = setTimeout(leave, graceMs);
      grace.unref();
      stop.abort();
    };
    for (const signal of signals) process.on(signal, heard);
    try {
      return await work(stop.signal);
    } finally {
      clearTimeout(grace);
      for (const signal of signals) process.off(signal, heard);
    }
  };
