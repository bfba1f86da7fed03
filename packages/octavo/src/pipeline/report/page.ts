import { formatBytes, formatCount, formatDuration } from '../../core/index.js';
import { chatSection } from './chat-section.js';
import { dataSection } from './data-section.js';
import { evaluationSection } from './evaluation-section.js';
import { exportSection } from './export-section.js';
import { forecastSection } from './forecast-section.js';
import { pageFrame } from './frame.js';
import { type Gate, gatesOf } from './gates.js';
import { type Content, type Html, html, nothing, outside } from './html.js';
import { insideSection } from './inside-section.js';
import { machineSection } from './machine-section.js';
import { memorySection } from './memory-section.js';
import { percent } from './numbers.js';
import { readValue } from './part.js';
import type { ReportData } from './report-data.js';
import { samplesSection } from './samples-section.js';
import { sectionHtml } from './section.js';
import { elapsedOf } from './status-text.js';
import { stepsSection } from './steps-section.js';
import { tokenizerSection } from './tokenizer-section.js';
import { lastValidation } from './training-figures.js';
import { trainingSection } from './training-section.js';

const sectionsOf = (report: ReportData) => [
  stepsSection(report),
  forecastSection(report),
  trainingSection(report),
  evaluationSection(report),
  chatSection(report),
  insideSection(report),
  samplesSection(report),
  dataSection(report),
  tokenizerSection(report),
  memorySection(report),
  exportSection(report),
  machineSection(report),
];

const counted = (gates: readonly Gate[], kind: Gate['kind']): string | undefined => {
  const all = gates.filter((gate) => gate.kind === kind);
  const met = all.filter((gate) => gate.met === true).length;
  const open = all.filter((gate) => gate.met === undefined).length;
  if (all.length === open) return undefined;
  return `${met} of ${all.length} ${kind}s met${open === 0 ? '' : ` (${open} not measured)`}`;
};

const outcomeText = ({ state, alive }: ReportData): string => {
  if (state.outcome === 'running') return alive ? 'still running' : 'stopped before its end';
  return { done: 'done', failed: 'failed', interrupted: 'interrupted', waiting: 'not begun' }[state.outcome];
};

/** A date that reads the same everywhere, as the log counts time: in UTC. */
const dateText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const keyFigures = (report: ReportData): Html => {
  const evaluation = readValue(report.evaluation);
  const size = readValue(report.size);
  const pretrain = report.state.steps.get('pretrain');
  const bits = evaluation?.model.bitsPerByte ?? lastValidation(pretrain);
  const capitals = evaluation?.chat['capital'];
  const spent = [...report.state.steps.values()].reduce((sum, view) => sum + elapsedOf(view), 0);
  const memory = pretrain?.memory;
  const figures: readonly (readonly [Content, Content])[] = [
    ...(bits === undefined ? [] : [['bits per byte of unseen text', bits.toFixed(3)] as const]),
    ...(capitals === undefined || capitals.n === 0 ? [] : [['of capitals right', percent(capitals.rate)] as const]),
    ...(spent === 0 ? [] : [['for all steps', formatDuration(spent)] as const]),
    ...(size === undefined ? [] : [['parameters', formatCount(size.parameters.total)] as const]),
    ...(memory === undefined
      ? []
      : [
          [
            'memory of a training step',
            formatBytes(memory.arenaBytes + memory.scratchBytes + memory.stateBytes),
          ] as const,
        ]),
  ];
  if (figures.length === 0) return nothing;
  return html`<dl class="key">${figures.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
};

const head = (report: ReportData): Html => {
  const gates = gatesOf(report);
  const verdicts = [counted(gates, 'gate'), counted(gates, 'target')].filter((text) => text !== undefined);
  const goal = readValue(report.plan)?.goal;
  const started = report.state.startedAtMs;
  return html`<header class="head"><p class="kicker">Octavo report · run ${outside(report.name, 80)}</p><h1>${outside(goal ?? report.name, 240)}</h1>${keyFigures(report)}<p class="sum">The run is <b>${outcomeText(report)}</b>${started === undefined ? nothing : html`, last started ${dateText(started)}`}.${verdicts.length === 0 ? nothing : html` <b>${verdicts.join(', ')}.</b> <a href="#evaluation">What was asked for, and what came</a>`}</p></header>`;
};

export const reportPage = (report: ReportData): string => {
  const sections = sectionsOf(report);
  return pageFrame(
    `${report.name} · Octavo report`,
    html`<a class="skip" href="#steps">Skip to the report</a><div class="page">${head(report)}<nav aria-label="Sections"><ul>${sections.map(({ id, short }) => html`<li><a href="#${id}">${short}</a></li>`)}</ul></nav><main>${sections.map(sectionHtml)}</main><footer>Written ${dateText(report.nowMs)} from the events and artifacts of runs/${outside(report.name, 80)}. Write it anew with <code>octavo report</code>.</footer></div>`,
  );
};
