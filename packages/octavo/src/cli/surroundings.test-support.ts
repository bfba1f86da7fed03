import { systemClock } from '../core/index.js';
import type { Surroundings } from './program.js';

/** A terminal that remembers, for commands run inside the test. */
export const surroundings = (
  cwd: string,
  live = false,
): Surroundings & { readonly said: () => string; readonly printed: () => string } => {
  let printed = '';
  let said = '';
  return {
    terminal: {
      out: (text) => {
        printed += text;
      },
      err: (text) => {
        said += text;
      },
      live,
      columns: 100,
      colour: false,
    },
    cwd,
    clock: systemClock,
    version: '9.9.9',
    interruptible: (work) => work(new AbortController().signal),
    said: () => said,
    printed: () => printed,
  };
};
