import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { formatBytes } from '../core/index.js';
import { type Gate, writeReport } from '../pipeline/index.js';
import type { Command } from './command.js';
import { parseOptions } from './options.js';
import { existingRun } from './run-artifacts.js';
import { type Paint, paintFor, table } from './terminal.js';

const Options = z.object({ run: z.string().default('main') });

const gateRow = ({ name, kind, wanted, measured, met }: Gate, paint: Paint): readonly string[] => [
  met === undefined ? paint('dim', '· open') : met ? paint('green', '✓ met') : paint('red', '✗ missed'),
  kind,
  name,
  wanted,
  measured ?? '',
];

export const report: Command = {
  options: [{ form: '--run <name>', says: 'the run to report on (main)' }],
  examples: ['octavo report', 'octavo report --run wide', 'octavo report --json | jq .gates'],
  run: async ({ options, json, terminal, cwd, clock }) => {
    const run = existingRun(cwd, parseOptions(Options, options).run);
    const written = await writeReport(run, clock);
    if (json) {
      terminal.out(`${JSON.stringify(written, null, 2)}\n`);
      return 0;
    }
    const paint = paintFor(terminal);
    terminal.err(`${table(written.gates.map((gate) => gateRow(gate, paint)))}\n\n`);
    terminal.out(`${written.path}\n`);
    terminal.err(paint('dim', `${formatBytes(written.bytes)}; open it in a browser: ${pathToFileURL(written.path)}\n`));
    return 0;
  },
};
