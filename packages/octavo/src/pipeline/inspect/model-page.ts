import { formatBytes, formatCount } from '../../core/index.js';
import { type DiagramPart, type DiagramStep, groupedLayers } from '../../models/index.js';
import { pageFrame } from '../report/frame.js';
import { type Html, html, nothing, outside } from '../report/html.js';
import { grouped } from '../report/numbers.js';
import { facts, sectionHtml } from '../report/section.js';
import { dataTable } from '../report/table.js';
import type { ModelSummary } from './model-summary.js';

const [boxWidth, boxHeight, gap, stream] = [232, 46, 26, 150];

interface Place {
  readonly x: number;
  readonly y: number;
}

const box = ({ name, detail }: DiagramPart, { x, y }: Place): Html =>
  html`<g><rect class="box" x="${x}" y="${y}" width="${boxWidth}" height="${boxHeight}" rx="6"/><text class="box-name" x="${x + boxWidth / 2}" y="${y + (detail === '' ? 28 : 20)}">${name}</text>${detail === '' ? nothing : html`<text class="box-detail" x="${x + boxWidth / 2}" y="${y + 36}">${detail}</text>`}</g>`;

const arrow = (path: string): Html => html`<path class="wire" d="${path}" marker-end="url(#tip)"/>`;

/** A step that begins at `top` of the stream, and where it ends. */
function stepHtml(
  { branches, kept, part }: DiagramStep,
  top: number,
): { readonly html: readonly Html[]; readonly end: number } {
  const column = (at: number): number => stream + 150 + at * (boxWidth + 24);
  const first = top + 26;
  const longest = Math.max(0, ...branches.map(({ length }) => length));
  const plus = branches.length > 0 && part.name === 'add';
  const end = branches.length === 0 ? top + gap : first + longest * (boxHeight + gap);
  const parts: Html[] = branches.flatMap((branch, at) => {
    const [x, middle] = [column(at), column(at) + boxWidth / 2];
    const last = first + branch.length * (boxHeight + gap) - gap;
    return [
      arrow(`M${stream} ${top + 8}H${middle}V${first - 4}`),
      ...branch.map((one, i) => box(one, { x, y: first + i * (boxHeight + gap) })),
      ...branch
        .slice(1)
        .map((_, i) =>
          arrow(`M${middle} ${first + (i + 1) * (boxHeight + gap) - gap}V${first + (i + 1) * (boxHeight + gap) - 3}`),
        ),
      arrow(`M${middle} ${last}V${end + (plus ? 0 : boxHeight / 2)}H${stream + (plus ? 14 : boxWidth / 2 + 3)}`),
    ];
  });
  if (kept || branches.length === 0) parts.push(arrow(`M${stream} ${top}V${end - (plus ? 14 : 3)}`));
  else parts.push(html`<path class="wire" d="M${stream} ${top}V${top + 8}"/>`);
  if (!plus) return { html: [...parts, box(part, { x: stream - boxWidth / 2, y: end })], end: end + boxHeight };
  parts.push(
    html`<circle class="box" cx="${stream}" cy="${end}" r="11"/><text class="box-name" x="${stream}" y="${end + 5}">+</text>`,
  );
  return { html: parts, end: end + 11 };
}

/** Each stream from its tokens at the top down; equal blocks are drawn once, branches beside the stream. */
export const modelDrawing = ({ diagram, gives }: Pick<ModelSummary, 'diagram' | 'gives'>): Html => {
  const parts: Html[] = [];
  const most = Math.max(
    0,
    ...diagram.flatMap(({ sections }) => sections.flatMap(({ steps }) => steps.map(({ branches }) => branches.length))),
  );
  const width = stream + 150 + Math.max(1, most) * (boxWidth + 24);
  let y = 20;
  for (const [at, { input, sections }] of diagram.entries()) {
    parts.push(html`<text class="box-name" x="${stream}" y="${y - 4}">${input}</text>`);
    for (const { title, count, steps } of sections) {
      const top = y + 14;
      if (title !== '') {
        parts.push(html`<path class="wire" d="M${stream} ${y}V${top + 20}"/>`);
        y = top + 20;
      }
      for (const step of steps) {
        const drawn = stepHtml(step, y);
        parts.push(...drawn.html);
        y = drawn.end;
      }
      if (title === '') continue;
      parts.unshift(
        html`<rect class="frame" x="${stream - boxWidth / 2 - 12}" y="${top}" width="${width - stream + boxWidth / 2}" height="${y + 18 - top}" rx="10"/><text class="frame-name" x="${width - 24}" y="${top + 20}">${count === 1 ? '' : `${count} × `}${title}</text>`,
      );
      y += 18;
    }
    const last = at === diagram.length - 1;
    parts.push(
      arrow(`M${stream} ${y}V${y + gap - 3}`),
      html`<text class="box-name" x="${stream}" y="${y + gap + 14}">${last ? gives : `read beside ${diagram[at + 1]?.input ?? ''}`}</text>`,
    );
    y += gap + (last ? 24 : 60);
  }
  const label = `The model: ${diagram.map(({ input, sections }) => `${input} through ${sections.map(({ title, count, steps }) => (title === '' ? steps.map(({ part }) => part.name).join(', ') : `${count} blocks`)).join(', ')}`).join('; ')}.`;
  return html`<figure class="drawing"><svg viewBox="0 0 ${width} ${y}" role="img" aria-label="${label}"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>${parts}</svg></figure>`;
};

const layerTable = (summary: ModelSummary): Html => {
  const rows = groupedLayers(summary.layers);
  const { parameters, flops, bytes } = summary;
  return dataTable({
    caption: 'Layers, those of equal blocks in one row; parameters, operations and bytes are of all of them together',
    head: ['layer', 'times', 'weight', 'gives', 'parameters', 'FLOPs', 'bytes'],
    words: [2],
    rows: [
      ...rows.map(({ path, count, shape, width, ...row }) => [
        html`<code>${path}</code>`,
        count,
        shape.join(' × '),
        width,
        grouped(row.parameters * count),
        grouped(row.flops * count),
        formatBytes(4 * row.parameters * count),
      ]),
      ['Together', '', '', '', grouped(parameters), grouped(flops.forward), formatBytes(bytes.float32)],
    ],
    strong: [rows.length],
  });
};

/** The model as a page of its own. */
export const modelPage = (summary: ModelSummary): string => {
  const { name, from, length, parameters, activeParameters, bytes, cacheBytes, flops, trainingBytes } = summary;
  const figures = facts([
    ['Parameters', `${grouped(parameters)} (${formatCount(parameters)})`],
    ...(activeParameters === parameters
      ? []
      : ([['that a token meets', `${grouped(activeParameters)} (${formatCount(activeParameters)})`]] as const)),
    ['Weights in float32', formatBytes(bytes.float32)],
    ['in 16 bits', formatBytes(bytes.half)],
    ...(cacheBytes === undefined
      ? []
      : ([
          ['Keys and values of a token', formatBytes(cacheBytes.token)],
          ['of a full context', formatBytes(cacheBytes.context)],
        ] as const)),
    ['FLOPs to read a token', formatCount(flops.forward / length)],
    ['to train on one', formatCount(flops.training / length)],
    ...(trainingBytes === undefined ? [] : ([['A training step, estimated', formatBytes(trainingBytes)]] as const)),
  ]);
  const sections = [
    {
      id: 'drawing',
      title: 'Drawing',
      lead: 'What all tokens pass on the left, what branches do beside it on the right; equal blocks are drawn once.',
      body: modelDrawing(summary),
    },
    {
      id: 'layers',
      title: 'Layers',
      lead: `Operations are those of products in one forward pass over a sequence of ${grouped(length)} tokens; bytes are of float32 weights.`,
      body: html`${figures}${layerTable(summary)}`,
    },
  ];
  return pageFrame(
    `${name} · Octavo model`,
    html`<div class="page"><header class="head"><p class="kicker">Octavo · the model before anything runs</p><h1>${outside(name, 120)}</h1><p class="sum">From ${outside(from, 200)}.</p></header><main>${sections.map((section) => sectionHtml({ ...section, short: section.title }))}</main><footer>Made by <code>octavo inspect model</code>.</footer></div>`,
  );
};
