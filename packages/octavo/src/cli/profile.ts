import { resolve } from 'node:path';
import { z } from 'zod';
import { optimiserKinds, writeFileAtomic } from '../core/index.js';
import {
  cacheFolderOf,
  chromeTrace,
  gaps,
  graphKinds,
  grouped,
  machineFactsOf,
  partOf,
  profileStep,
} from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import type { Command } from './command.js';
import { parseOptions } from './options.js';
import { profileText } from './profile-text.js';
import { paintFor } from './terminal.js';
import { architectureOf, modelOptionHelp, modelOptions, stepSizeOf } from './which-model.js';

const whole = z.coerce
  .number()
  .int()
  .min(1)
  .max(1 << 20);
const Options = z.object({
  ...modelOptions,
  kind: z.enum(graphKinds).default('training'),
  precision: z.enum(['mixed', 'float32']).optional(),
  optimiser: z.enum(optimiserKinds).optional(),
  sequences: whole.optional(),
  length: whole.optional(),
  steps: whole.default(3),
  trace: z.string().min(1).optional(),
});

export const profile: Command = {
  args: [],
  options: [
    ...modelOptionHelp,
    { form: '--kind <kind>', says: `${graphKinds.join(', ')} (training)` },
    { form: '--precision <precision>', says: 'mixed or float32 (as the plan trains, or mixed)' },
    { form: '--optimiser <name>', says: 'muon, adamw, sgd … (as the plan trains)' },
    { form: '--sequences <count>', says: 'sequences side by side (as planned, or 1)' },
    { form: '--length <count>', says: 'tokens of each (as planned, or the whole context)' },
    { form: '--steps <count>', says: 'steps to time; figures are medians (3)' },
    { form: '--trace <file>', says: 'also write one step as a trace for a flame chart in the browser' },
  ],
  examples: [
    'octavo profile',
    'octavo profile --preset gpt2 --sequences 4 --length 512',
    'octavo profile --run main --kind decode --steps 20',
    'octavo profile --trace step.json   # open it in ui.perfetto.dev or chrome://tracing',
  ],
  run: async (invocation) => {
    const { terminal, cwd, json } = invocation;
    const options = parseOptions(Options, invocation.options);
    const { kind, steps } = options;
    const architecture = await architectureOf(options, cwd, 'octavo profile');
    const { model, training, name, from } = architecture;
    const { sequences, length, text: size } = stepSizeOf(options, architecture);
    const machine = await machineFactsOf(cacheFolderOf(resolve(findProjectFolder(cwd))));
    const precision =
      (options.precision ?? training?.precision ?? 'mixed') === 'mixed' ? machine.mixedPrecision : 'float32';
    const optimiser = options.optimiser ?? training?.optimiser ?? 'muon';
    const paint = paintFor(terminal);
    if (!json) terminal.err(paint('dim', `${name}: ${kind}, ${size}, ${precision}, from ${from}\n`));
    const result = await profileStep(
      { kind, model, optimiser, sequences, length, precision },
      {
        machine,
        steps,
        clock: () => performance.now(),
        told: (done) => {
          if (terminal.live) terminal.err(`\r${paint('dim', `step ${done} of ${steps}`)}${done === steps ? '\r' : ''}`);
        },
      },
    );
    if (options.trace !== undefined) {
      const path = resolve(cwd, options.trace);
      writeFileAtomic(path, JSON.stringify(chromeTrace(result)));
      if (!json) terminal.err(`${path}: open it in ui.perfetto.dev or chrome://tracing\n`);
    }
    if (json) {
      const { instructions, ...rest } = result;
      const kernels = grouped(result, ({ kernel }) => kernel);
      const told = { name, from, kind, sequences, length, precision, ...rest, kernels };
      terminal.out(
        `${JSON.stringify({ ...told, parts: grouped(result, partOf), gaps: gaps(result), instructions })}\n`,
      );
    } else terminal.out(profileText(result, paint));
    return 0;
  },
};
