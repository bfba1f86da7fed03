/** The step's memory as the engine planned it: a block is a rectangle, as wide as it is needed and as high as it is big. */
import { formatBytes } from '../../core/index.js';
import type { StepMemory } from '../../project/index.js';
import { type Html, html, nothing } from './html.js';
import { cssPercent, grouped } from './numbers.js';
import { type Scale, scaleOf, shareOf } from './scale.js';

type Block = StepMemory['blocks'][number];

const width = 1000;
const height = 380;
const mebi = 2 ** 20;

/** What a block holds, by the part of the model that made it. */
export const memoryGroups = ['attention', 'feed-forward', 'head and loss', 'gradients and the rest'] as const;
export type MemoryGroup = (typeof memoryGroups)[number];

export const groupOfBlock = ({ kind, path }: Pick<Block, 'kind' | 'path'>): MemoryGroup => {
  if (/crossEntropy/.test(kind) || /(^|\.)head(\.|$)/.test(path)) return 'head and loss';
  if (/gradient/i.test(kind) || path.startsWith('gradient')) return 'gradients and the rest';
  if (/attention/i.test(path)) return 'attention';
  if (/feedForward/i.test(path)) return 'feed-forward';
  return 'gradients and the rest';
};

const rectangle = (block: Block, x: Scale, y: Scale): Html => {
  const left = width * shareOf(x, block.from);
  const right = width * shareOf(x, block.to + 1);
  const top = height * (1 - shareOf(y, (block.offset + block.bytes) / mebi));
  const bottom = height * (1 - shareOf(y, block.offset / mebi));
  return html`<rect class="group-${memoryGroups.indexOf(groupOfBlock(block))}" x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${Math.max(0.8, right - left).toFixed(1)}" height="${Math.max(0.8, bottom - top).toFixed(1)}"><title>${block.path} · ${block.kind}: ${formatBytes(block.bytes)}, instructions ${grouped(block.from)} to ${grouped(block.to)}</title></rect>`;
};

/** Where the loss is known and the way back begins: the first instruction of the cross-entropy block. */
const lossAt = (blocks: readonly Block[]): number | undefined =>
  blocks.find(({ kind }) => /crossEntropy/.test(kind))?.from;

export const memoryMap = ({ blocks, arenaBytes }: Pick<StepMemory, 'blocks' | 'arenaBytes'>): Html => {
  if (blocks.length === 0) return nothing;
  const end = blocks.reduce((most, { to }) => Math.max(most, to + 1), 0);
  const x = scaleOf([0, end], { count: 6, widen: false });
  const y = scaleOf([0, arenaBytes / mebi], { count: 5, widen: false });
  const loss = lossAt(blocks);
  const biggest = blocks.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  const label = `Memory map of a training step: the ${blocks.length} largest blocks over ${grouped(end)} instructions, ${formatBytes(arenaBytes)} in all, the largest block ${formatBytes(biggest)}.`;
  return html`<figure class="chart memory"><figcaption><b>Memory map of one training step</b> <span>MiB by instruction; the ${blocks.length} largest blocks</span></figcaption>
<div class="plot tallest">
<div class="chart-y" aria-hidden="true">${y.ticks.map((tick) => html`<span style="top:${cssPercent(1 - shareOf(y, tick))}">${tick}</span>`)}</div>
<svg class="chart-area" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}">${y.ticks.map((tick) => html`<path class="grid" d="M0 ${(height * (1 - shareOf(y, tick))).toFixed(1)}H${width}"/>`)}${blocks.map((block) => rectangle(block, x, y))}${loss === undefined ? nothing : html`<path class="moment" d="M${(width * shareOf(x, loss)).toFixed(1)} 0V${height}"/>`}</svg>
<div class="chart-x" aria-hidden="true">${x.ticks.map((tick) => html`<span style="left:${cssPercent(shareOf(x, tick))}">${grouped(tick)}</span>`)}</div>
</div>
<ul class="legend">${memoryGroups.map((group, at) => html`<li><i class="group-${at}"></i>${group}</li>`)}${loss === undefined ? nothing : html`<li><i class="moment"></i>the loss is known; gradients follow</li>`}</ul></figure>`;
};
