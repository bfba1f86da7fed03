import { formatBytes } from '../../core/index.js';
import { html, nothing } from './html.js';
import { memoryMap } from './memory-map.js';
import { readValue } from './part.js';
import type { ReportData } from './report-data.js';
import { facts, notYet, type Section } from './section.js';
import { trainingFigures } from './training-figures.js';

export const memorySection = (report: ReportData): Section => {
  const pretrain = report.state.steps.get('pretrain');
  const memory = pretrain?.memory;
  const section = {
    id: 'memory',
    title: 'Memory of a training step',
    short: 'Memory',
    lead: 'Known before the first step ran: every value has its place, and nothing is allocated while it trains.',
  };
  if (memory === undefined) return { ...section, body: notYet('The training step has not been planned yet.') };
  const { arenaBytes, scratchBytes, stateBytes } = memory;
  const used = trainingFigures(pretrain)?.memory?.usedBytes;
  const estimate = readValue(report.size)?.memory.totalBytes;
  return {
    ...section,
    body: html`${facts([
      ['Arena: values of a step', formatBytes(arenaBytes)],
      ['Scratch of the kernels', formatBytes(scratchBytes)],
      ['Weights and optimiser', formatBytes(stateBytes)],
      ['Together', html`<b>${formatBytes(arenaBytes + scratchBytes + stateBytes)}</b>`],
      ...(estimate === undefined ? [] : [['Said by the size step, batch included', formatBytes(estimate)] as const]),
      ...(used === undefined ? [] : [['Whole process, resident', formatBytes(used)] as const]),
    ])}${memory.blocks.length === 0 ? nothing : memoryMap(memory)}`,
  };
};
