import { formatBytes } from '../core/index.js';
import { changeText, type GraphStage, graphText, nodeText } from '../pipeline/index.js';
import { type Paint, table } from './terminal.js';

const label = (name: string): string => (name === 'trace' ? 'as traced' : `after ${name}`);

const counts = ({ graph, plan }: GraphStage): string =>
  `${graph.nodes.length} nodes, arena of ${formatBytes(plan.arenaBytes)}`;

const summary = (stages: readonly GraphStage[], paint: Paint): string => {
  const rows = stages.map((stage) => [
    stage.name === 'trace' ? 'as traced' : stage.name,
    String(stage.graph.nodes.length),
    formatBytes(stage.plan.arenaBytes),
    stage.change === undefined ? '' : `−${stage.change.gone.length} +${stage.change.made.length}`,
    changeText(stage),
  ]);
  const [head = '', ...lines] = table([['pass', 'nodes', 'arena', 'changed', 'by kind'], ...rows]).split('\n');
  return [paint('dim', head), ...lines].join('\n');
};

/** What a pass took out and put in, as lines of the printed graph. */
const difference = (before: GraphStage, after: GraphStage, paint: Paint): string => {
  const { gone = [], made = [] } = after.change ?? {};
  if (gone.length + made.length === 0) return paint('dim', 'no change');
  return [
    ...gone.map((node) => paint('red', `- ${nodeText(before.graph, node)}`)),
    ...made.map((node) => paint('green', `+ ${nodeText(after.graph, node)}`)),
  ].join('\n');
};

/** All stages: counts, the graph as it was traced, then what each pass changed, then the graph that runs. */
export const stagesText = (stages: readonly GraphStage[], paint: Paint): string => {
  const [first] = stages;
  const last = stages.at(-1);
  if (first === undefined || last === undefined) return '';
  const passes = stages.slice(1).map((stage, i) => {
    const before = stages[i] ?? first;
    return `${paint('bold', label(stage.name))}: ${counts(stage)}\n${difference(before, stage, paint)}\n`;
  });
  return [
    summary(stages, paint),
    '',
    `${paint('bold', label(first.name))}: ${counts(first)}`,
    graphText(first.graph),
    '',
    ...passes,
    `${paint('bold', 'as it runs')}: ${counts(last)}`,
    graphText(last.graph),
    '',
  ].join('\n');
};

/** One pass: the whole graph before and after it. */
export const passText = (before: GraphStage, after: GraphStage, paint: Paint): string =>
  [
    `${paint('bold', `before ${after.name}`)}: ${counts(before)}`,
    graphText(before.graph),
    '',
    `${paint('bold', label(after.name))}: ${counts(after)}; ${changeText(after)}`,
    graphText(after.graph),
    '',
    paint('bold', 'what it changed'),
    difference(before, after, paint),
    '',
  ].join('\n');
