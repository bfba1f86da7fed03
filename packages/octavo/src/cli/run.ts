import { z } from 'zod';
import { formatDuration, type StepName, steps } from '../core/index.js';
import { graph, runPipeline } from '../pipeline/index.js';
import { findProjectFolder, parseRunName, readEvents, runFolder } from '../project/index.js';
import type { Command } from './command.js';
import { LiveProgress } from './live-progress.js';
import { machineFacts } from './machine-facts.js';
import { parseOptions } from './options.js';
import { paintFor } from './terminal.js';

const stepNames = steps.map(({ name }) => name);
const Step = z.enum(stepNames as [StepName, ...StepName[]]);

/** The options that every command which runs steps takes. */
export const RunOptions = z.object({
  until: Step.optional(),
  from: Step.optional(),
  set: z.array(z.string()).default([]),
  budget: z.string().optional(),
  run: z.string().default('main'),
});

export const run: Command = {
  options: [
    { form: '--until <step>', says: `the last step to run: ${graph.map(({ name }) => name).join(', ')}` },
    { form: '--from <step>', says: 'do this step and those after it anew' },
    { form: '--set <field=value>', says: 'change a field of octavo.yaml for this run', repeats: true },
    { form: '--budget <time>', says: 'time for the whole run, such as 10m: short for --set plan.budget=10m' },
    { form: '--run <name>', says: 'the run folder below runs/ (main)' },
  ],
  examples: [
    'octavo run',
    'octavo run --budget 10m',
    'octavo run --until pretrain --set model.depth=6 --run wide',
    'octavo run --from tokenizer',
    'octavo run --json | jq .kind',
  ],
  run: async ({ options, json, terminal, cwd, clock, version, interruptible }) => {
    const { until, from, set, budget, run: name } = parseOptions(RunOptions, options);
    const projectFolder = findProjectFolder(cwd);
    const runName = parseRunName(name);
    using live = new LiveProgress(terminal, await readEvents(runFolder(projectFolder, runName).events));
    const startedMs = clock.now();
    const outcome = await interruptible((signal) =>
      runPipeline({
        projectFolder,
        runName,
        sets: budget === undefined ? set : [...set, `plan.budget=${budget}`],
        until,
        from,
        signal,
        clock,
        version,
        machine: machineFacts(),
        onEvent: (event) => {
          if (json) terminal.out(`${JSON.stringify(event)}\n`);
          else live.show(event);
        },
      }),
    );
    if (outcome.kind === 'interrupted') {
      if (!json) terminal.err(`Stopped in ${outcome.step}; the state is saved. The same command goes on.\n`);
      return 130;
    }
    if (!json) {
      const skipped = outcome.steps.filter(({ kind }) => kind === 'skipped').length;
      const count =
        skipped === outcome.steps.length
          ? 'nothing changed'
          : `${outcome.steps.length - skipped} of ${outcome.steps.length} steps done, ${skipped} unchanged`;
      if (outcome.steps.some(({ name, kind }) => name === 'tokenize' && kind === 'done'))
        terminal.err(`data: runs/${runName}/data-card.md, data-card.json, data-report.html\n`);
      terminal.err(
        `${paintFor(terminal)('bold', `runs/${runName}`)}: ${count}, ${formatDuration(clock.now() - startedMs)}\n`,
      );
    }
    return 0;
  },
};
