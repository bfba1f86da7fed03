import type { StepOutcome } from '../project/index.js';

/** Runs a step's work; what it throws because it was aborted is an interruption, not a failure. */
export async function interruptible(
  signal: AbortSignal,
  work: () => Promise<Readonly<Record<string, unknown>>>,
): Promise<StepOutcome> {
  try {
    signal.throwIfAborted();
    return { kind: 'done', summary: await work() };
  } catch (error) {
    if (signal.aborted) return { kind: 'interrupted' };
    throw error;
  }
}
