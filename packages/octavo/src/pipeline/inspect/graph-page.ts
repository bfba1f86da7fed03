import { printNode } from '@octavo/engine';
import { formatBytes } from '../../core/index.js';
import { pageFrame } from '../report/frame.js';
import { type Html, html, nothing, outside } from '../report/html.js';
import { memoryMap } from '../report/memory-map.js';
import { grouped } from '../report/numbers.js';
import { sectionHtml } from '../report/section.js';
import { dataTable } from '../report/table.js';
import { graphDrawing } from './graph-drawing.js';
import type { GraphStage } from './graph-stages.js';

const mostLines = 300;
const mostBlocks = 400;

/** `gelu 4 → 0, linear 12 → 12`: what a pass did, by kind of node. */
export const changeText = ({ change }: Pick<GraphStage, 'change'>): string => {
  if (change === undefined) return '';
  const kinds = Object.entries(change.kinds).map(([kind, { before, after }]) => `${kind} ${before} → ${after}`);
  if (kinds.length > 0) return kinds.join(', ');
  return change.made.length === 0 ? 'nothing' : `${change.made.length} nodes in another form`;
};

const stagesTable = (stages: readonly GraphStage[]): Html =>
  dataTable({
    caption: 'The graph after each pass',
    head: ['pass', 'nodes', 'arena', 'gone', 'new', 'by kind'],
    words: [5],
    rows: stages.map((stage) => [
      stage.name === 'trace' ? 'as traced' : stage.name,
      grouped(stage.graph.nodes.length),
      formatBytes(stage.plan.arenaBytes),
      stage.change === undefined ? '' : grouped(stage.change.gone.length),
      stage.change === undefined ? '' : grouped(stage.change.made.length),
      html`<span class="fine">${changeText(stage)}</span>`,
    ]),
  });

const linesOf = (title: string, lines: readonly string[]): Html =>
  lines.length === 0
    ? nothing
    : html`<details><summary>${title}: ${grouped(lines.length)}</summary><pre class="lines">${lines.slice(0, mostLines).join('\n')}${lines.length > mostLines ? `\n… and ${lines.length - mostLines} more` : ''}</pre></details>`;

const changesHtml = (stages: readonly GraphStage[]): readonly Html[] =>
  stages.flatMap(({ name, graph, change }, at) => {
    const before = stages[at - 1]?.graph;
    if (change === undefined || before === undefined || change.gone.length + change.made.length === 0) return [];
    return [
      html`<h3>${name}</h3>${linesOf(
        'Nodes that went',
        change.gone.map((node) => printNode(before, node)),
      )}${linesOf(
        'Nodes that came',
        change.made.map((node) => printNode(graph, node)),
      )}`,
    ];
  });

const memoryOf = ({ plan }: GraphStage): Html => {
  const blocks = plan.arena.toSorted((a, b) => b.bytes - a.bytes).slice(0, mostBlocks);
  return memoryMap({ arenaBytes: plan.arenaBytes, blocks });
};

const stageName = ({ name }: GraphStage): string => (name === 'trace' ? 'as traced' : `after ${name}`);

/** A graph's way through the passes as one page: counts, drawings of the first and the last stage, what changed, memory. */
export const graphPage = (
  stages: readonly GraphStage[],
  { title, from }: { readonly title: string; readonly from: string },
): string => {
  const ends = [stages[0], stages.length > 1 ? stages.at(-1) : undefined].filter((stage) => stage !== undefined);
  const sections = [
    {
      id: 'passes',
      title: 'Passes',
      lead: 'Nodes and bytes of arena after each pass, and what it changed.',
      body: html`${stagesTable(stages)}${changesHtml(stages)}`,
    },
    ...ends.toReversed().flatMap((stage, at) => [
      {
        id: `graph-${at}`,
        title: `The graph ${stageName(stage)}`,
        lead: `${grouped(stage.graph.nodes.length)} nodes.`,
        body: graphDrawing(stage.graph, stageName(stage)),
      },
      {
        id: `memory-${at}`,
        title: `Memory ${stageName(stage)}`,
        lead: 'Every value in its place before anything runs: as wide as it is needed, as high as it is big.',
        body: memoryOf(stage),
      },
    ]),
  ];
  return pageFrame(
    `${title} · Octavo graph`,
    html`<div class="page"><header class="head"><p class="kicker">Octavo · a graph and its passes</p><h1>${outside(title, 160)}</h1><p class="sum">From ${outside(from, 200)}. Nothing was run.</p></header><main>${sections.map((section) => sectionHtml({ ...section, short: section.title }))}</main><footer>Made by <code>octavo inspect graph</code>.</footer></div>`,
  );
};
