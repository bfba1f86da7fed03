import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { visibleText } from '../core/index.js';
import { explainPlan, readPlan } from '../plan/index.js';
import type { Command } from './command.js';
import { parseOptions } from './options.js';
import { RunOptions, run } from './run.js';
import { existingRun, finishedArtifact } from './run-artifacts.js';

export const plan: Command = {
  options: [
    { form: '--explain', says: 'print every resolved value and why it is what it is' },
    ...run.options.filter(({ form }) => !/^--(until|from)/.test(form)),
  ],
  examples: [
    'octavo plan',
    'octavo plan --explain',
    'octavo plan --budget 2h --set model.depth=8 --run trial',
    'octavo plan --json',
  ],
  run: async (invocation) => {
    const { options, json, terminal, cwd } = invocation;
    // The events of making it are not what was asked for: with --json the plan itself is printed.
    const made = await run.run({ ...invocation, json: false, options: { ...options, until: 'plan' } });
    if (made !== 0) return made;
    const folder = finishedArtifact(existingRun(cwd, parseOptions(RunOptions, options).run), 'plan');
    const resolved = await readPlan(folder);
    if (json) terminal.out(`${JSON.stringify(resolved, null, 2)}\n`);
    else if (options['explain'] === true) terminal.out(visibleText(explainPlan(resolved)));
    else terminal.out(visibleText(readFileSync(join(folder, 'plan.md'), 'utf8')));
    return 0;
  },
};
