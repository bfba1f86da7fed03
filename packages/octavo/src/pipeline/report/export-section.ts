import { type ExportedFormat, exportedFormats } from './export-figures.js';
import { type Content, html, outside } from './html.js';
import type { ReportData } from './report-data.js';
import { notYet, type Section } from './section.js';
import { dataTable } from './table.js';

const row = ({ name, path, check }: ExportedFormat): readonly Content[] => {
  const what = html`${name}<br><span class="fine">${path}</span>`;
  if (check.kind === 'unchecked')
    return [what, html`<span class="verdict missed">not checked</span>: ${outside(check.why, 200)}`, '–', '–'];
  return [
    what,
    outside(check.by, 80),
    check.worstLogit === 0 ? 'none' : check.worstLogit.toExponential(1),
    `${check.greedyEqual} of ${check.prompts}`,
  ];
};

export const exportSection = ({ state }: ReportData): Section => {
  const formats = exportedFormats(state.steps.get('export'));
  return {
    id: 'export',
    title: 'For other programs',
    short: 'Exports',
    lead: 'Each file was read back and run, and what it says compared with what our own engine says.',
    body:
      formats.length === 0
        ? notYet('Not there yet: the step export has not finished.')
        : dataTable({
            caption: 'Exported formats; logits are the model’s raw scores',
            head: ['format', 'checked by', 'largest difference of a logit', 'same greedy text'],
            words: [1],
            rows: formats.map(row),
            stack: true,
          }),
  };
};
