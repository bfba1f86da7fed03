import { z } from 'zod';
import { absurd, formatDuration } from '../core/index.js';
import {
  lockHolder,
  type ProcessIdentity,
  type RunState,
  readEvents,
  runState,
  type StepView,
} from '../project/index.js';
import type { Command } from './command.js';
import { parseOptions } from './options.js';
import { progressTexts } from './progress-line.js';
import { existingRun } from './run-artifacts.js';
import { summaryText } from './summary-text.js';
import { type Paint, paintFor, table } from './terminal.js';

const Options = z.object({ run: z.string().default('main') });

const row = (view: StepView, alive: boolean, paint: Paint): readonly string[] => {
  const { status } = view;
  const words = (text: string) => (text === '' ? [] : [text]);
  switch (status.kind) {
    case 'waiting':
      return [paint('dim', '·'), view.name, paint('dim', 'waiting')];
    case 'running':
      return alive
        ? [paint('cyan', '▶'), view.name, 'running', ...words(progressTexts(view).join(' · '))]
        : [paint('yellow', '‖'), view.name, 'stopped', 'its process is gone; `octavo run` goes on'];
    case 'done':
      return [
        paint('green', '✓'),
        view.name,
        formatDuration(status.elapsedMs),
        ...words(summaryText(view, status.summary)),
      ];
    case 'failed':
      return [paint('red', '✗'), view.name, 'failed', String(status.error['what'] ?? '')];
    case 'interrupted':
      return [paint('yellow', '‖'), view.name, 'interrupted', '`octavo run` goes on'];
    default:
      return absurd(status);
  }
};

/** A run as a table, a row for each step. */
export const statusTable = (state: RunState, holder: ProcessIdentity | undefined, paint: Paint): string => {
  const heading = holder === undefined ? '' : `, written by process ${holder.pid} on ${holder.host}`;
  return `${paint('bold', `runs/${state.run ?? ''}`)}${heading}\n${table([...state.steps.values()].map((view) => row(view, holder !== undefined, paint)))}\n`;
};

const asJson = (state: RunState, holder: ProcessIdentity | undefined) => ({
  run: state.run,
  outcome: state.outcome === 'running' && holder === undefined ? 'interrupted' : state.outcome,
  holder,
  steps: [...state.steps.values()].map(({ name, leaf, status, progress, warnings }) => ({
    name,
    leaf,
    ...status,
    progress,
    warnings,
  })),
});

export const status: Command = {
  options: [{ form: '--run <name>', says: 'the run to show (main)' }],
  examples: ['octavo status', 'octavo status --run wide', 'octavo status --json'],
  run: async ({ options, json, terminal, cwd }) => {
    const { run: name } = parseOptions(Options, options);
    const folder = existingRun(cwd, name);
    const events = await readEvents(folder.events);
    const state = runState(events);
    const holder = lockHolder(folder.lock);
    terminal.out(
      json ? `${JSON.stringify(asJson(state, holder), null, 2)}\n` : statusTable(state, holder, paintFor(terminal)),
    );
    return 0;
  },
};
