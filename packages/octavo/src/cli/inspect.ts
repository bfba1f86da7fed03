import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { fail, optimiserKinds, visibleLine, writeFileAtomic } from '../core/index.js';
import {
  type Architecture,
  cacheFolderOf,
  type GraphStage,
  graphKinds,
  graphPage,
  graphStages,
  mixedPrecisionOf,
  modelPage,
  summaryOf,
} from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import type { Command, Invocation } from './command.js';
import { passText, stagesText } from './inspect-graph-text.js';
import { modelText } from './inspect-model-text.js';
import { parseOptions } from './options.js';
import { paintFor } from './terminal.js';
import { architectureOf, modelOptionHelp, modelOptions, stepSizeOf } from './which-model.js';

const whole = z.coerce
  .number()
  .int()
  .min(1)
  .max(1 << 20);
const Options = z.object({
  ...modelOptions,
  html: z.string().min(1).optional(),
  kind: z.enum(graphKinds).default('training'),
  pass: z.string().min(1).optional(),
  precision: z.enum(['float32', 'bfloat16', 'float16']).optional(),
  optimiser: z.enum(optimiserKinds).optional(),
  sequences: whole.optional(),
  length: whole.optional(),
});
type Options = z.infer<typeof Options>;

/** Writes a page where one was asked for, and says where it lies. */
const write = ({ terminal, cwd, json }: Invocation, file: string, page: string): void => {
  const path = resolve(cwd, file);
  writeFileAtomic(path, page);
  if (json) return;
  terminal.out(`${path}\n`);
  terminal.err(paintFor(terminal)('dim', `open it in a browser: ${pathToFileURL(path)}\n`));
};

const inspectModel = (invocation: Invocation, options: Options, architecture: Architecture): void => {
  const { terminal, json } = invocation;
  const summary = summaryOf(architecture);
  if (options.html !== undefined) write(invocation, options.html, modelPage(summary));
  if (json) terminal.out(`${JSON.stringify(summary)}\n`);
  else if (options.html === undefined) terminal.out(modelText(summary, paintFor(terminal)));
};

/** The pair of stages around a pass. Errors: USAGE for a pass that is not run. */
const around = (stages: readonly GraphStage[], pass: string): readonly [GraphStage, GraphStage] => {
  const at = stages.findIndex(({ name }, i) => i > 0 && name === pass);
  const [before, after] = [stages[at - 1], stages[at]];
  if (before !== undefined && after !== undefined) return [before, after];
  throw fail('USAGE', {
    what: `no pass is called ${visibleLine(pass)} here`,
    where: '--pass',
    remedy: `name one of ${[...new Set(stages.slice(1).map(({ name }) => name))].join(', ')}`,
  });
};

const inspectGraph = async (invocation: Invocation, options: Options, architecture: Architecture): Promise<void> => {
  const { terminal, cwd, json } = invocation;
  const { kind, pass } = options;
  const { model, training, name, from } = architecture;
  const { sequences, length, text: size } = stepSizeOf(options, architecture);
  const precision =
    options.precision ??
    (training?.precision === 'mixed'
      ? await mixedPrecisionOf(cacheFolderOf(resolve(findProjectFolder(cwd))))
      : 'float32');
  const optimiser = options.optimiser ?? training?.optimiser ?? 'muon';
  const all = graphStages({ kind, model, optimiser, sequences, length, precision });
  const stages = pass === undefined ? all : around(all, pass);
  const title = `${name}: ${kind}, ${size}, ${precision}`;
  if (options.html !== undefined) write(invocation, options.html, graphPage(stages, { title, from }));
  if (json) {
    const told = stages.map(({ name: stage, graph, plan, change }) => {
      const { arenaBytes } = plan;
      const changed =
        change === undefined ? {} : { gone: change.gone.length, made: change.made.length, kinds: change.kinds };
      return { pass: stage, nodes: graph.nodes.length, arenaBytes, ...changed, graph };
    });
    terminal.out(`${JSON.stringify({ name, from, kind, sequences, length, precision, stages: told })}\n`);
    return;
  }
  if (options.html !== undefined) return;
  const paint = paintFor(terminal);
  terminal.err(paint('dim', `${title}, from ${from}\n`));
  const [before, after] = stages;
  const one = pass !== undefined && before !== undefined && after !== undefined;
  terminal.out(one ? passText(before, after, paint) : stagesText(stages, paint));
};

export const inspect: Command = {
  args: [{ form: '[what]', says: 'model or graph' }],
  options: [
    ...modelOptionHelp,
    { form: '--html <file>', says: 'write it as one page for the browser' },
    { form: '--kind <kind>', says: `with graph: ${graphKinds.join(', ')} (training)` },
    { form: '--pass <name>', says: 'with graph: the whole graph before and after this pass' },
    { form: '--precision <dtype>', says: 'with graph: float32, bfloat16 or float16 (as the plan trains)' },
    { form: '--optimiser <name>', says: 'with graph: muon, adamw, sgd … (as the plan trains)' },
    { form: '--sequences <count>', says: 'with graph: sequences side by side (as planned, or 1)' },
    { form: '--length <count>', says: 'with graph: tokens of each (as planned, or the whole context)' },
  ],
  examples: [
    'octavo inspect model',
    'octavo inspect model --preset gpt2 --html gpt2.html',
    'octavo inspect model --set model.depth=8 --json | jq .parameters',
    'octavo inspect graph --kind forward --length 64',
    'octavo inspect graph --run main --pass fuse-linear',
    'octavo inspect graph --html graph.html',
  ],
  run: async (invocation) => {
    const what = invocation.args[0] ?? '';
    if (what !== 'model' && what !== 'graph')
      throw fail('USAGE', {
        what: what === '' ? 'what to inspect is missing' : `"${visibleLine(what)}" is not one of model, graph`,
        where: 'octavo inspect',
        remedy: 'name model or graph',
      });
    const options = parseOptions(Options, invocation.options);
    const architecture = await architectureOf(options, invocation.cwd, 'octavo inspect');
    if (what === 'model') inspectModel(invocation, options, architecture);
    else await inspectGraph(invocation, options, architecture);
    return 0;
  },
};
