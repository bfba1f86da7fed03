import { formatBytes } from '../../core/index.js';
import { shareBar } from './bars.js';
import type { EvaluationFile } from './evaluation-file.js';
import { type Gate, gatesOf } from './gates.js';
import { type Content, type Html, html, nothing, outside } from './html.js';
import { grouped } from './numbers.js';
import type { ReportData } from './report-data.js';
import { type Section, unlessRead } from './section.js';
import { dataTable } from './table.js';

const verdictHtml = ({ met }: Pick<Gate, 'met'>): Html => {
  if (met === undefined) return html`<span class="verdict">open</span>`;
  return met ? html`<span class="verdict met">✓ met</span>` : html`<span class="verdict missed">✗ missed</span>`;
};

const gatesTable = (gates: readonly Gate[]): Html =>
  dataTable({
    caption: 'Gates have to be met; targets show how much further it could go',
    head: ['', 'kind', 'wanted', 'came', 'verdict'],
    words: [1, 2, 3, 4],
    stack: true,
    rows: gates.map((gate) => [
      gate.name,
      gate.kind,
      html`<span class="whole">${gate.wanted}</span>`,
      html`<b class="whole">${gate.measured ?? '–'}</b>${gate.detail === undefined ? nothing : html`<br><span class="fine">${gate.detail}</span>`}`,
      verdictHtml(gate),
    ]),
  });

const bitsTable = ({ model, finetuned, bitsPerByte, heldOut, baselineTokens, xz }: EvaluationFile): Html => {
  const { unigram, bigram, trigram, fivegram } = bitsPerByte;
  const ngram = 'Kneser–Ney, trained on the same tokens';
  const all = [
    {
      name: 'The model',
      bits: model.bitsPerByte,
      says: `${model.low.toFixed(3)} to ${model.high.toFixed(3)} with 95 % confidence; perplexity ${model.perplexity.toFixed(1)}`,
    },
    { name: 'The model after fine-tuning', bits: finetuned.bitsPerByte, says: 'what answering cost in prose' },
    { name: '5-gram', bits: fivegram, says: ngram },
    { name: '3-gram', bits: trigram, says: ngram },
    { name: 'Bigram', bits: bigram, says: ngram },
    { name: 'Unigram', bits: unigram, says: 'token frequencies alone' },
    ...(xz.kind === 'measured'
      ? [{ name: 'xz -9e', bits: xz.bitsPerByte, says: xz.note ?? 'after reading all the training text' }]
      : []),
  ].toSorted((a, b) => a.bits - b.bits);
  const most = Math.max(...all.map(({ bits }) => bits));
  const strong = all.flatMap(({ name }, at) => (name === 'The model' ? [at] : []));
  const rows = all.map(({ name, bits, says }, at): readonly Content[] => [
    name,
    bits.toFixed(3),
    shareBar(bits / most, strong.includes(at)),
    html`<span class="fine">${outside(says, 200)}</span>`,
  ]);
  return html`${dataTable({
    caption: html`Bits per byte on ${formatBytes(heldOut.bytes)} of ${outside(heldOut.split)} text; lower is better`,
    head: ['', 'bits per byte', 'beside the others', 'how'],
    words: [3],
    drawn: [2],
    stack: true,
    rows,
    strong,
  })}<p class="fine">The n-grams have read ${grouped(baselineTokens)} training tokens. ${xz.kind === 'absent' ? html`xz was not measured: ${outside(xz.why, 200)}` : nothing}</p>`;
};

const summary = (gates: readonly Gate[]): string => {
  const missed = gates.filter(({ met }) => met === false).length;
  const open = gates.filter(({ met }) => met === undefined).length;
  const said =
    missed === 0 ? 'Nothing was missed' : `${missed} of ${gates.length} ${missed === 1 ? 'was' : 'were'} missed`;
  return `Measured on text and wordings never trained on. ${said}${open === 0 ? '' : `; ${open} could not be measured`}.`;
};

export const evaluationSection = (report: ReportData): Section => {
  const { evaluation } = report;
  const gates = gatesOf(report);
  return {
    id: 'evaluation',
    title: 'Evaluation',
    short: 'Evaluation',
    lead: evaluation.kind === 'read' ? summary(gates) : 'The model beside honest baselines on the same held-out bytes.',
    body:
      evaluation.kind !== 'read'
        ? unlessRead(evaluation, 'evaluate')
        : html`${gatesTable(gates)}${bitsTable(evaluation.value)}`,
  };
};
