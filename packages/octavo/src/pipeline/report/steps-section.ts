/** The eight leaves of the octavo: what each gave, how it stands, and where the time went. */
import { formatBytes, formatCount, formatDuration, leaves } from '../../core/index.js';
import type { StepView } from '../../project/index.js';
import { exportedFormats } from './export-figures.js';
import { type Html, html, nothing, outside } from './html.js';
import { grouped, percent } from './numbers.js';
import { readValue } from './part.js';
import type { ReportData } from './report-data.js';
import { facts, type Section } from './section.js';
import { elapsedOf, elapsedText, type StatusText, statusOfAll, statusText } from './status-text.js';
import { dataTable } from './table.js';
import { lastValidation, trainingFigures } from './training-figures.js';

const leafTitles: readonly string[] = [
  'Plan',
  'Data',
  'Tokenizer',
  'Architecture',
  'Hardware',
  'Pretraining',
  'Tuning',
  'Deployment',
];

/** What each leaf came to, in a few words; empty where it is not known. */
const results = (report: ReportData): readonly string[] => {
  const plan = readValue(report.plan);
  const data = readValue(report.data)?.summary;
  const tokenizer = readValue(report.tokenizer);
  const size = readValue(report.size);
  const evaluation = readValue(report.evaluation);
  const pretrain = report.state.steps.get('pretrain');
  const figures = trainingFigures(pretrain);
  const bits = lastValidation(pretrain);
  const chat = Object.values(evaluation?.chat ?? {});
  const right = chat.reduce((sum, family) => sum + family.right, 0);
  const asked = chat.reduce((sum, family) => sum + family.n, 0);
  const exported = exportedFormats(report.state.steps.get('export'));
  const model = plan?.resolved.model;
  return [
    plan === undefined
      ? ''
      : `${grouped(plan.resolved.training.steps)} steps of ${formatCount(plan.resolved.training.tokens / plan.resolved.training.steps)} tokens`,
    data === undefined
      ? ''
      : `${grouped(data.cleaned.kept)} of ${grouped(data.cleaned.documentsIn)} documents kept, ${formatBytes(data.cleaned.bytesKept)}`,
    tokenizer === undefined
      ? ''
      : `${grouped(tokenizer.vocabularySize)} tokens, ${tokenizer.heldOut.bytesPerToken.toFixed(2)} bytes each`,
    model === undefined ? '' : `${model.depth} layers, ${model.width} wide, ${model.heads} heads`,
    size === undefined
      ? ''
      : `${formatCount(size.parameters.total)} parameters, ${formatBytes(size.memory.totalBytes)} to train`,
    bits === undefined
      ? ''
      : `${bits.toFixed(3)} bits per byte${figures?.steps === undefined ? '' : ` after ${grouped(figures.steps)} steps`}`,
    asked === 0 ? '' : `${percent(right / asked)} of ${grouped(asked)} questions right`,
    exported.length === 0
      ? ''
      : `${exported.map(({ name }) => name).join(' and ')}${exported.every(({ check }) => check.kind === 'checked') ? ', checked' : ''}`,
  ];
};

/** A leaf without steps of its own is done when the plan, which decides it, is. */
const viewsOf = (report: ReportData, leaf: number): readonly StepView[] => {
  const views = [...report.state.steps.values()];
  const own = views.filter((view) => view.leaf === leaf);
  return own.length > 0 ? own : views.filter(({ name }) => name === 'plan');
};

const leafHtml = (report: ReportData, leaf: number, result: string): Html => {
  const views = viewsOf(report, leaf);
  const status: StatusText = statusOfAll(views, report.alive);
  const own = views.some((view) => view.leaf === leaf);
  const time = own ? elapsedText(views.reduce((sum, view) => sum + elapsedOf(view), 0)) : '';
  return html`<li class="leaf ${status.kind}"><span class="leaf-number" aria-hidden="true">${leaf}</span><h3>${leafTitles[leaf - 1]}</h3><p class="leaf-status"><span aria-hidden="true">${status.mark}</span> ${status.word}${time === '' ? nothing : html` <b>${time}</b>`}</p><p class="leaf-result">${outside(result, 120)}</p></li>`;
};

const timeline = (report: ReportData): Html => {
  const spent = [...report.state.steps.values()].filter((view) => elapsedOf(view) > 0);
  const total = spent.reduce((sum, view) => sum + elapsedOf(view), 0);
  if (total === 0) return nothing;
  const told = spent.map((view) => `${view.name} ${formatDuration(elapsedOf(view))}`).join(', ');
  return html`<figure class="timeline"><figcaption><b>Where ${formatDuration(total)} went</b></figcaption><div class="timeline-bar" role="img" aria-label="Time by step: ${told}">${spent.map(
    (view) =>
      html`<i style="flex-grow:${elapsedOf(view)}" title="${view.name}: ${formatDuration(elapsedOf(view))}">${elapsedOf(view) / total > 0.09 ? view.name : ''}</i>`,
  )}</div></figure>`;
};

const troubles = (report: ReportData): Html => {
  const views = [...report.state.steps.values()];
  const failed = views.flatMap(({ name, status }) => (status.kind === 'failed' ? [{ name, error: status.error }] : []));
  const warned = views.flatMap(({ name, warnings }) => warnings.map((text) => ({ name, text })));
  return html`${failed.map(
    ({ name, error }) =>
      html`<div class="trouble"><b>The step ${name} failed.</b>${facts([
        ['what', outside(String(error['what'] ?? ''), 500)],
        ['where', outside(String(error['where'] ?? ''), 300)],
        ['what to do', outside(String(error['remedy'] ?? ''), 500)],
      ])}</div>`,
  )}${
    warned.length === 0
      ? nothing
      : html`<details><summary>${warned.length === 1 ? 'One warning' : `${warned.length} warnings`}</summary><ul>${warned.slice(0, 100).map(({ name, text }) => html`<li>${name}: ${outside(text, 300)}</li>`)}</ul></details>`
  }`;
};

/** All steps of the graph, with the time that the plan gave them. */
const stepTable = (report: ReportData): Html => {
  const schedule = new Map(readValue(report.plan)?.schedule.map(({ step, seconds }) => [step, seconds]));
  const rows = [...report.state.steps.values()].map((view) => {
    const planned = schedule.get(view.name);
    const { mark, word } = statusText(view.status, report.alive);
    const skipped = view.status.kind === 'done' && view.status.skipped ? ', unchanged since' : '';
    return [
      view.name,
      `${mark} ${word}${skipped}`,
      planned === undefined ? '–' : formatDuration(planned * 1000),
      view.status.kind === 'done' ? formatDuration(view.status.elapsedMs) : '–',
      String(view.leaf),
    ];
  });
  return html`<details><summary>Every step with its planned time</summary>${dataTable({
    caption: 'The steps of the run in order',
    hideCaption: true,
    head: ['step', 'status', 'planned', 'took', 'leaf'],
    words: [1],
    stack: true,
    rows,
  })}</details>`;
};

export const stepsSection = (report: ReportData): Section => {
  const said = results(report);
  return {
    id: 'steps',
    title: 'Eight steps',
    short: 'Steps',
    lead: 'From a plan to a model that answers. Times are of the work itself; a step that nothing changed keeps the time it once took.',
    body: html`${troubles(report)}<ol class="leaves">${leaves.map((_, at) => leafHtml(report, at + 1, said[at] ?? ''))}</ol>${timeline(report)}${stepTable(report)}`,
  };
};
