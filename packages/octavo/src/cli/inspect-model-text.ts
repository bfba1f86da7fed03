import { formatBytes, formatCount } from '../core/index.js';
import type { DiagramPart } from '../models/index.js';
import { groupedLayers, type ModelSummary } from '../pipeline/index.js';
import { type Paint, padEnd, table } from './terminal.js';

const part = ({ name, detail }: DiagramPart): string => (detail === '' ? name : `${name}  ${detail}`);

/** The model drawn with lines: the residual stream on the left, what each branch adds to it on the right. */
export const modelDiagram = ({ diagram, config }: Pick<ModelSummary, 'diagram' | 'config'>): string => {
  const inside = diagram.branches.flatMap((branch) => [
    ...branch.map((one, i) => `${i === 0 ? '├─▶ ' : '│   '}${part(one)}`),
    '⊕◀──┘',
  ]);
  const width = Math.max(24, ...inside.map((line) => line.length)) + 2;
  const title = ` ${diagram.blocks} × block `;
  const framed = [
    `╭─${title}${'─'.repeat(width - title.length)}╮`,
    ...inside.map((line) => `│ ${padEnd(line, width)}│`),
    `╰─┬${'─'.repeat(width - 1)}╯`,
  ];
  return [
    '  tokens',
    ...diagram.before.map((one) => `  │ ${part(one)}`),
    ...(diagram.blocks === 0 ? [] : framed),
    ...diagram.after.map((one) => `  │ ${part(one)}`),
    '  ▼',
    `  ${config.vocabularySize} logits`,
  ].join('\n');
};

const exact = (count: number): string => count.toLocaleString('en-US');

export const modelText = (summary: ModelSummary, paint: Paint): string => {
  const { name, from, config, parameters, activeParameters, bytes, cacheBytes, flops, trainingBytes } = summary;
  const rows = groupedLayers(summary).map(({ path, count, shape, width, ...layer }) => [
    path,
    count === 1 ? '' : `${count}×`,
    shape.join(' × '),
    String(width),
    exact(layer.parameters * count),
    exact(layer.flopsPerToken * count),
    formatBytes(4 * layer.parameters * count),
  ]);
  const head = ['layer', '', 'weight', 'gives', 'parameters', 'FLOPs a token', 'bytes'];
  const total = ['together', '', '', '', exact(parameters), exact(flops.forward), formatBytes(bytes.float32)];
  const lines = table([head, ...rows, total]).split('\n');
  const shown = lines.map((line, at) =>
    at === 0 ? paint('dim', line) : at === lines.length - 1 ? paint('bold', line) : line,
  );
  const experts = activeParameters === parameters ? '' : `; a token meets ${exact(activeParameters)} of the parameters`;
  return `${paint('bold', name)} ${paint('dim', `from ${from}`)}

${modelDiagram(summary)}

${shown.join('\n')}

weights     ${formatBytes(bytes.float32)} in float32, ${formatBytes(bytes.half)} in 16 bits${experts}
cache       ${formatBytes(cacheBytes.token)} a token in 16 bits, ${formatBytes(cacheBytes.context)} for the context of ${exact(config.contextLength)}
operations  ${formatCount(flops.forward)} to read a token with the whole context in sight, ${formatCount(flops.training)} to train on one
training    about ${formatBytes(trainingBytes)} for a step
`;
};
