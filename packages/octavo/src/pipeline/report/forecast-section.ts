import { formatBytes, formatCount, formatDuration } from '../../core/index.js';
import { planBar } from './bars.js';
import { type Html, html, nothing, outside } from './html.js';
import { short } from './numbers.js';
import { readValue } from './part.js';
import type { ReportData } from './report-data.js';
import { type ForecastRow, type ForecastUnit, judge, scoreForecast } from './score-forecast.js';
import { type Section, unlessRead } from './section.js';
import { dataTable } from './table.js';

const formats: Readonly<Record<ForecastUnit, (value: number) => string>> = {
  milliseconds: formatDuration,
  bytes: formatBytes,
  count: formatCount,
  bits: (value) => value.toFixed(3),
  rate: short,
};

const row = (the: ForecastRow) => {
  const { name, unit, planned, error, measured } = the;
  const format = formats[unit];
  const verdict = judge(the);
  const ratio = measured === undefined ? undefined : measured / planned;
  return [
    name,
    error === undefined ? format(planned) : `${format(planned)} ± ${format(error)}`,
    measured === undefined ? '–' : html`<b>${format(measured)}</b>`,
    ratio === undefined ? '' : planBar(ratio, verdict !== 'worse'),
    ratio === undefined ? '–' : `× ${ratio.toFixed(2)}`,
    html`<span class="verdict ${verdict === 'worse' ? 'missed' : 'met'}">${verdict}</span>`,
  ];
};

/** How the plan was made: every value with its reason. */
const reasons = (report: ReportData): Html => {
  const plan = readValue(report.plan);
  if (plan === undefined) return nothing;
  return html`<details><summary>Every planned value, and why</summary>${dataTable({
    caption: 'Values that the plan chose',
    hideCaption: true,
    head: ['field', 'value', 'why'],
    words: [1, 2],
    stack: true,
    rows: plan.reasons.map(({ field, value, why }) => [outside(field), outside(String(value)), outside(why, 400)]),
  })}</details>${
    plan.risks.length === 0
      ? nothing
      : html`<details><summary>Risks that the plan named</summary><ul>${plan.risks.map((risk) => html`<li>${outside(risk, 400)}</li>`)}</ul></details>`
  }`;
};

export const forecastSection = (report: ReportData): Section => {
  const rows = scoreForecast(report);
  return {
    id: 'forecast',
    title: 'The plan and what came true',
    short: 'Plan',
    lead: 'Foretold before a single step ran, measured afterwards. Within a tenth, or within the range given, counts as planned.',
    body:
      rows.length === 0
        ? unlessRead(report.plan, 'plan')
        : html`${dataTable({
            caption: 'In the bars the middle line is the plan',
            head: ['', 'planned', 'came', 'beside the plan', 'ratio', 'verdict'],
            words: [5],
            drawn: [3],
            stack: true,
            rows: rows.map(row),
          })}${reasons(report)}`,
  };
};
