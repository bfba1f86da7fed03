import type { Command } from './command.js';
import { run } from './run.js';

/** `octavo tokenizer` is `octavo run --until tokenizer`. */
export const stepCommand = (step: string): Command => ({
  ...run,
  options: run.options.filter(({ form }) => !form.startsWith('--until')),
  examples: [`octavo ${step}`, `octavo ${step} --from ${step}`, `octavo ${step} --json`],
  run: (invocation) => run.run({ ...invocation, options: { ...invocation.options, until: step } }),
});
