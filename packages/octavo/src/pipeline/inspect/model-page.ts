import { formatBytes, formatCount } from '../../core/index.js';
import type { DiagramPart } from '../../models/index.js';
import { pageFrame } from '../report/frame.js';
import { type Html, html, nothing, outside } from '../report/html.js';
import { grouped } from '../report/numbers.js';
import { facts, sectionHtml } from '../report/section.js';
import { dataTable } from '../report/table.js';
import { groupedLayers, type ModelSummary } from './model-summary.js';

const [boxWidth, boxHeight, gap, left] = [232, 46, 26, 150];

interface Place {
  readonly x: number;
  readonly y: number;
}

const box = ({ name, detail }: DiagramPart, { x, y }: Place): Html =>
  html`<g><rect class="box" x="${x}" y="${y}" width="${boxWidth}" height="${boxHeight}" rx="6"/><text class="box-name" x="${x + boxWidth / 2}" y="${y + (detail === '' ? 28 : 20)}">${name}</text>${detail === '' ? nothing : html`<text class="box-detail" x="${x + boxWidth / 2}" y="${y + 36}">${detail}</text>`}</g>`;

const arrow = (path: string): Html => html`<path class="wire" d="${path}" marker-end="url(#tip)"/>`;

/** The model from the token at the top to the logits at the bottom; a block is drawn once, its branches beside the stream. */
export const modelDrawing = ({ diagram, config }: Pick<ModelSummary, 'diagram' | 'config'>): Html => {
  const parts: Html[] = [];
  const stream = left;
  let y = 20;
  const onStream = (part: DiagramPart): void => {
    parts.push(arrow(`M${stream} ${y}V${y + gap - 3}`), box(part, { x: stream - boxWidth / 2, y: y + gap }));
    y += gap + boxHeight;
  };
  parts.push(html`<text class="box-name" x="${stream}" y="${y - 4}">tokens</text>`);
  for (const part of diagram.before) onStream(part);
  if (diagram.blocks > 0) {
    const top = y + gap;
    y = top + 14;
    parts.push(html`<path class="wire" d="M${stream} ${top - gap}V${y}"/>`);
    for (const branch of diagram.branches) {
      const x = stream + 150;
      const first = y + 12;
      parts.push(arrow(`M${stream} ${y + 8}H${x + boxWidth / 2}V${first + 6 + 4}`));
      branch.forEach((part, i) => {
        const at = first + 14 + i * (boxHeight + gap);
        parts.push(box(part, { x, y: at }));
        if (i > 0) parts.push(arrow(`M${x + boxWidth / 2} ${at - gap}V${at - 3}`));
      });
      const end = first + 14 + branch.length * (boxHeight + gap);
      parts.push(
        html`<path class="wire" d="M${stream} ${y}V${end - 11}"/>`,
        arrow(`M${x + boxWidth / 2} ${end - gap}V${end}H${stream + 14}`),
        html`<circle class="box" cx="${stream}" cy="${end}" r="11"/><text class="box-name" x="${stream}" y="${end + 5}">+</text>`,
      );
      y = end + 11;
    }
    y += 18;
    parts.unshift(
      html`<rect class="frame" x="${stream - 40}" y="${top}" width="${150 + boxWidth + 40 + 24}" height="${y - top}" rx="10"/><text class="frame-name" x="${stream - 52}" y="${top + 24}">× ${diagram.blocks}</text>`,
    );
    parts.push(html`<path class="wire" d="M${stream} ${y - 18}V${y}"/>`);
  }
  for (const part of diagram.after) onStream(part);
  parts.push(
    arrow(`M${stream} ${y}V${y + gap - 3}`),
    html`<text class="box-name" x="${stream}" y="${y + gap + 14}">${config.vocabularySize} logits</text>`,
  );
  const height = y + gap + 24;
  const label = `The model: token embedding, ${diagram.blocks} blocks of ${diagram.branches.map((branch) => branch.map(({ name }) => name).join(', ')).join(' and ')}, then a norm and the head.`;
  return html`<figure class="drawing"><svg viewBox="0 0 580 ${height}" role="img" aria-label="${label}"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>${parts}</svg></figure>`;
};

const layerTable = (summary: ModelSummary): Html => {
  const rows = groupedLayers(summary);
  const { parameters, flops, bytes } = summary;
  return dataTable({
    caption: 'Layers, those of equal blocks in one row; parameters, operations and bytes are of all of them together',
    head: ['layer', 'times', 'weight', 'gives', 'parameters', 'FLOPs a token', 'bytes'],
    words: [2],
    rows: [
      ...rows.map(({ path, count, shape, width, ...row }) => [
        html`<code>${path}</code>`,
        count,
        shape.join(' × '),
        width,
        grouped(row.parameters * count),
        grouped(row.flopsPerToken * count),
        formatBytes(4 * row.parameters * count),
      ]),
      ['Together', '', '', '', grouped(parameters), grouped(flops.forward), formatBytes(bytes.float32)],
    ],
    strong: [rows.length],
  });
};

/** The model as a page of its own. */
export const modelPage = (summary: ModelSummary): string => {
  const { name, from, config, parameters, activeParameters, bytes, cacheBytes, flops, trainingBytes } = summary;
  const figures = facts([
    ['Parameters', `${grouped(parameters)} (${formatCount(parameters)})`],
    ...(activeParameters === parameters
      ? []
      : ([['that a token meets', `${grouped(activeParameters)} (${formatCount(activeParameters)})`]] as const)),
    ['Weights in float32', formatBytes(bytes.float32)],
    ['in 16 bits', formatBytes(bytes.half)],
    ['Keys and values of a token', formatBytes(cacheBytes.token)],
    ['of a full context', formatBytes(cacheBytes.context)],
    ['FLOPs to read a token', formatCount(flops.forward)],
    ['to train on one', formatCount(flops.training)],
    ['A training step, estimated', formatBytes(trainingBytes)],
  ]);
  const sections = [
    {
      id: 'drawing',
      title: 'Drawing',
      lead: 'Blocks around the residual stream: each branch reads it and adds to it.',
      body: modelDrawing(summary),
    },
    {
      id: 'layers',
      title: 'Layers',
      lead: `Operations are those of matrix products in a forward pass, with the whole context of ${grouped(config.contextLength)} tokens in sight; bytes are of float32 weights.`,
      body: html`${figures}${layerTable(summary)}`,
    },
  ];
  return pageFrame(
    `${name} · Octavo model`,
    html`<div class="page"><header class="head"><p class="kicker">Octavo · the model before anything runs</p><h1>${outside(name, 120)}</h1><p class="sum">From ${outside(from, 200)}.</p></header><main>${sections.map((section) => sectionHtml({ ...section, short: section.title }))}</main><footer>Made by <code>octavo inspect model</code>.</footer></div>`,
  );
};
