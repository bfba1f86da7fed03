import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { fail, visibleLine } from '../core/index.js';
import { type ResumeVerdict, verifyResume } from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import type { Command } from './command.js';
import { parseOptions } from './options.js';
import { paintFor, table } from './terminal.js';

const count = z.coerce.number().int();

const Options = z.object({
  kills: count.min(1).max(1000).default(20),
  steps: count.min(10).max(1_000_000).default(120),
  seed: count.min(0).max(4_294_967_295).default(1),
  set: z.array(z.string()).default([]),
});

const program = fileURLToPath(new URL('../../bin/octavo.js', import.meta.url));

const verdictText = ({ killedAfter, steps, files, same }: ResumeVerdict): string =>
  `${table([
    ['killed', `${killedAfter.length} times, after steps ${killedAfter.join(', ')} of ${steps}`],
    ...files.map(({ name, undisturbed, killed }) => [
      name,
      undisturbed === killed ? `same SHA-256 ${killed}` : `${undisturbed} undisturbed, ${killed} killed`,
    ]),
  ])}\n${same ? 'the checkpoints are the same, bit for bit' : 'THE CHECKPOINTS DIFFER: both runs are kept in runs/verify-*'}\n`;

export const verify: Command = {
  args: [
    { form: '<what>', says: 'resume: kill a training at random moments, go on each time, compare with one left alone' },
  ],
  options: [
    { form: '--kills <count>', says: 'how many times to kill it (20)' },
    { form: '--steps <count>', says: 'training steps of the trial (120)' },
    { form: '--seed <number>', says: 'of the moments (1)' },
    { form: '--set <field=value>', says: 'change a field of octavo.yaml for the trial', repeats: true },
  ],
  examples: ['octavo verify resume', 'octavo verify resume --kills 5 --steps 60 --set model.depth=2'],
  run: async ({ args, options, json, terminal, cwd, interruptible }) => {
    const what = args[0] ?? '';
    if (what !== 'resume')
      throw fail('USAGE', {
        what: `"${visibleLine(what)}" cannot be verified`,
        where: 'octavo verify',
        remedy: 'octavo verify resume',
      });
    const { kills, steps, seed, set } = parseOptions(Options, options);
    // A checkpoint so often that every kill has one to go on from, and is followed by new ones.
    const every = Math.max(1, Math.floor(steps / 30));
    const verdict = await interruptible((signal) =>
      verifyResume({
        projectFolder: findProjectFolder(cwd),
        program,
        sets: [...set, `pretrain.steps=${steps}`, `pretrain.checkpointEvery=${every}`],
        kills,
        seed,
        signal,
        tell: (text) => terminal.err(`${text}\n`),
      }),
    );
    terminal.out(
      json
        ? `${JSON.stringify(verdict, null, 2)}\n`
        : paintFor(terminal)(verdict.same ? 'green' : 'red', verdictText(verdict)),
    );
    return verdict.same ? 0 : 1;
  },
};
