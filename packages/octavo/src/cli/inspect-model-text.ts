import { formatBytes, formatCount, formatExact } from '../core/index.js';
import { type DiagramPart, type DiagramStep, groupedLayers } from '../models/index.js';
import type { ModelSummary } from '../pipeline/index.js';
import { type Paint, padEnd, table } from './terminal.js';

const part = ({ name, detail }: DiagramPart): string => (detail === '' ? name : `${name}  ${detail}`);

/** A step as lines: the stream on the left, what leaves it on the right. */
const step = ({ branches, kept, part: own }: DiagramStep): readonly string[] => {
  if (branches.length === 0) return [`│ ${part(own)}`];
  const stream = kept ? '│' : ' ';
  const lines = branches.flatMap((branch, at) =>
    branch.map((one, i) => {
      if (i > 0) return `${stream} │ ${part(one)}`;
      return `${kept || at < branches.length - 1 ? '├' : '╰'}─▶ ${part(one)}`;
    }),
  );
  return [...lines, kept && own.name === 'add' ? '⊕◀╯' : `${kept ? '├' : '╭'}◀╯ ${part(own)}`];
};

/** The model drawn with lines: each stream from its tokens down, what branches do beside it, blocks in frames. */
export const modelDiagram = ({ diagram, gives }: Pick<ModelSummary, 'diagram' | 'gives'>): string =>
  diagram
    .map(({ input, sections }, at) => {
      const lines = sections.flatMap(({ title, count, steps }) => {
        const inside = steps.flatMap(step);
        if (title === '') return inside.map((line) => `  ${line}`);
        const heading = ` ${count === 1 ? '' : `${count} × `}${title} `;
        const width = Math.max(heading.length, ...inside.map((line) => line.length)) + 2;
        return [
          `╭─${heading}${'─'.repeat(width - heading.length)}╮`,
          ...inside.map((line) => `│ ${padEnd(line, width)}│`),
          `╰─┬${'─'.repeat(width - 1)}╯`,
        ];
      });
      const end =
        at === diagram.length - 1 ? ['  ▼', `  ${gives}`] : ['  ▼', `  read beside ${diagram[at + 1]?.input}`, ''];
      return [`  ${input}`, ...lines, ...end].join('\n');
    })
    .join('\n');

export const modelText = (summary: ModelSummary, paint: Paint): string => {
  const { name, from, layers, length, parameters, activeParameters, bytes, cacheBytes, flops, trainingBytes } = summary;
  const rows = groupedLayers(layers).map(({ path, count, shape, width, ...layer }) => [
    path,
    count === 1 ? '' : `${count}×`,
    shape.join(' × '),
    String(width),
    formatExact(layer.parameters * count),
    formatExact(layer.flops * count),
    formatBytes(4 * layer.parameters * count),
  ]);
  const head = ['layer', '', 'weight', 'gives', 'parameters', 'FLOPs', 'bytes'];
  const total = [
    'together',
    '',
    '',
    '',
    formatExact(parameters),
    formatExact(flops.forward),
    formatBytes(bytes.float32),
  ];
  const lines = table([head, ...rows, total]).split('\n');
  const shown = lines.map((line, at) =>
    at === 0 ? paint('dim', line) : at === lines.length - 1 ? paint('bold', line) : line,
  );
  const experts =
    activeParameters === parameters ? '' : `; a token meets ${formatExact(activeParameters)} of the parameters`;
  const cache =
    cacheBytes === undefined
      ? ''
      : `\ncache       ${formatBytes(cacheBytes.token)} a token in 16 bits, ${formatBytes(cacheBytes.context)} for the whole context`;
  const training = trainingBytes === undefined ? '' : `\ntraining    about ${formatBytes(trainingBytes)} for a step`;
  return `${paint('bold', name)} ${paint('dim', `from ${from}`)}

${modelDiagram(summary)}

${shown.join('\n')}

weights     ${formatBytes(bytes.float32)} in float32, ${formatBytes(bytes.half)} in 16 bits${experts}
operations  ${formatCount(flops.forward)} to read one sequence of ${formatExact(length)} tokens, ${formatCount(flops.forward / length)} a token; ${formatCount(flops.training / length)} to train on one${cache}${training}
`;
};
