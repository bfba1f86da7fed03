import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomic } from '../core/index.js';

const StepState = z.strictObject({
  /** 'emptied' stands while an old folder is being removed: nothing in it counts. */
  kind: z.enum(['done', 'running', 'interrupted', 'failed', 'emptied']),
  key: z.string(),
  /** Summed over resumes. */
  elapsedMs: z.number(),
  summary: z.record(z.string(), z.unknown()),
});

/** What the cache knows about a step. */
export type StepState = Readonly<z.infer<typeof StepState>>;

/** The state of a step; undefined when there is none that can be trusted, and the step begins anew. */
export const readStepState = (path: string): StepState | undefined => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return StepState.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

export const writeStepState = (path: string, state: StepState): void =>
  writeFileAtomic(path, `${JSON.stringify(state, null, 2)}\n`);
