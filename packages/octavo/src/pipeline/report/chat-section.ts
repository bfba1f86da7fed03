import { headlineFamilies } from '../../data/index.js';
import { intervalBar } from './bars.js';
import type { EvaluationFile } from './evaluation-file.js';
import { capitalsRight } from './gates.js';
import { type Html, html, nothing, outside, passage } from './html.js';
import { percent } from './numbers.js';
import type { ReportData } from './report-data.js';
import { type Section, unlessRead } from './section.js';
import { dataTable } from './table.js';

type Family = EvaluationFile['chat'][string];

const headlines: readonly string[] = headlineFamilies;

const examplesOf = (name: string, { examples }: Family): Html =>
  examples.length === 0
    ? nothing
    : html`<details><summary>${outside(name)}</summary>${dataTable({
        caption: html`Answers of the family ${outside(name)}`,
        hideCaption: true,
        head: ['question', 'answer', 'expected', 'verdict'],
        words: [1, 2, 3],
        stack: true,
        rows: examples.map(({ question, answer, expected, right }) => [
          passage(question, 200),
          passage(answer, 200),
          passage(expected, 200),
          html`<span class="verdict ${right ? 'met' : 'missed'}">${right ? '✓ right' : '✗ wrong'}</span>`,
        ]),
      })}</details>`;

const familiesTable = (families: readonly (readonly [string, Family])[]): Html =>
  dataTable({
    caption:
      'Right answers, word for word, to questions worded as none in training; the band is the 95 % interval (Wilson)',
    head: ['family', 'right', 'of', 'rate', 'with its interval', 'interval'],
    drawn: [4],
    stack: true,
    rows: families.map(([name, { n, right, rate, low, high }]) => [
      outside(name),
      right,
      n,
      html`<b>${percent(rate)}</b>`,
      intervalBar({ rate, low, high, wanted: name === 'capital' ? capitalsRight : undefined }),
      `${percent(low)} to ${percent(high)}`,
    ]),
  });

/** The families by which a small model is judged come first. */
const inOrder = (chat: EvaluationFile['chat']): readonly (readonly [string, Family])[] => {
  const rank = (name: string) => (headlines.includes(name) ? headlines.indexOf(name) : headlines.length);
  return Object.entries(chat).toSorted((a, b) => rank(a[0]) - rank(b[0]));
};

export const chatSection = ({ evaluation }: ReportData): Section => {
  const section = {
    id: 'chat',
    title: 'Questions and answers',
    short: 'Answers',
    lead: 'Exact match by family of question. Open one to read what the model said, right and wrong.',
  };
  if (evaluation.kind !== 'read') return { ...section, body: unlessRead(evaluation, 'evaluate') };
  const families = inOrder(evaluation.value.chat);
  return {
    ...section,
    body: html`${familiesTable(families)}<h3>Answers, right and wrong</h3><div class="openers">${families.map(([name, family]) => examplesOf(name, family))}</div>${
      evaluation.value.answers.length === 0
        ? nothing
        : html`<h3>In its own words</h3><ul class="answers">${evaluation.value.answers.map(
            ({ question, answer }) =>
              html`<li><p class="question">${passage(question, 300)}</p><p class="answer">${answer === '' ? html`<em>(nothing)</em>` : passage(answer, 600)}</p></li>`,
          )}</ul>`
    }`,
  };
};
