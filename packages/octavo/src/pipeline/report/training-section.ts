import { formatDuration } from '../../core/index.js';
import type { StepView } from '../../project/index.js';
import type { XY } from './buckets.js';
import type { EvaluationFile } from './evaluation-file.js';
import { type Html, html, nothing } from './html.js';
import { type Level, lineChart } from './line-chart.js';
import { grouped, percent, short } from './numbers.js';
import { readValue } from './part.js';
import type { ReportData } from './report-data.js';
import { facts, notYet, type Section } from './section.js';
import { type TrainingFigures, trainingFigures } from './training-figures.js';

const pointsOf = (view: StepView, metric: string): readonly XY[] =>
  (view.metrics.get(metric) ?? []).map(({ at, value }) => ({ x: at, y: value }));

const baselines = (evaluation: EvaluationFile | undefined): readonly Level[] => {
  if (evaluation === undefined) return [];
  const { unigram, bigram, trigram, fivegram, xz } = evaluation.bitsPerByte;
  return [
    { name: 'unigram', value: unigram },
    ...(xz === null ? [] : [{ name: 'xz -9e', value: xz }]),
    { name: 'bigram', value: bigram },
    { name: '3-gram', value: trigram },
    { name: '5-gram', value: fivegram },
  ];
};

/** GFLOP/s of one token a second: the same for every step, so the two rates share a line. */
const gflopsOfToken = (view: StepView): number | undefined => {
  const tokens = view.metrics.get('tokensPerSecond')?.at(-1);
  const gflops = view.metrics.get('gflops')?.at(-1);
  return tokens === undefined || gflops === undefined || !(tokens.value > 0) ? undefined : gflops.value / tokens.value;
};

const speedChart = (view: StepView): Html => {
  const factor = gflopsOfToken(view);
  return lineChart({
    title: 'Speed',
    unit: factor === undefined ? 'tokens a second' : 'tokens a second, and GFLOP/s at the right',
    along: 'step',
    points: pointsOf(view, 'tokensPerSecond'),
    format: short,
    from: 0,
    ...(factor === undefined ? {} : { second: { unit: 'GFLOP/s', factor } }),
  });
};

const charts = (view: StepView, levels: readonly Level[]): Html =>
  html`<div class="charts">${lineChart({
    title: 'Held-out text',
    unit: 'bits per byte; lower is better',
    along: 'step',
    points: pointsOf(view, 'validationBitsPerByte'),
    format: (value) => value.toFixed(2),
    dots: true,
    levels,
    tall: true,
  })}${lineChart({
    title: 'Loss',
    unit: 'nats a token, training batches',
    along: 'step',
    points: pointsOf(view, 'loss'),
    format: (value) => value.toFixed(2),
  })}${lineChart({
    title: 'Learning rate',
    unit: 'of the optimiser',
    along: 'step',
    points: pointsOf(view, 'learningRate'),
    format: short,
    from: 0,
  })}${speedChart(view)}${lineChart({
    title: 'Gradient norm',
    unit: 'before clipping',
    along: 'step',
    points: pointsOf(view, 'gradientNorm'),
    format: short,
    from: 0,
  })}</div>`;

const figuresHtml = (figures: TrainingFigures | undefined): Html => {
  if (figures === undefined) return nothing;
  const { trainingSeconds, tokensPerSecond, gflops, machineGflops, isa, form } = figures;
  return facts([
    ...(trainingSeconds === undefined ? [] : [['Time in steps', formatDuration(trainingSeconds * 1000)] as const]),
    ...(tokensPerSecond === undefined ? [] : [['Tokens a second', grouped(tokensPerSecond)] as const]),
    ...(gflops === undefined ? [] : [['GFLOP/s', grouped(gflops)] as const]),
    ...(gflops === undefined || machineGflops === undefined || machineGflops === 0
      ? []
      : [['Of the machine’s rate', percent(gflops / machineGflops)] as const]),
    ...(isa === undefined
      ? []
      : [['Instructions', `${isa}${form === undefined ? '' : `, 16 bits as ${form}`}`] as const]),
  ]);
};

const hasMetrics = (view: StepView | undefined): view is StepView => view !== undefined && view.metrics.size > 0;

export const trainingSection = ({ state, evaluation }: ReportData): Section => {
  const pretrain = state.steps.get('pretrain');
  const finetune = state.steps.get('finetune');
  return {
    id: 'training',
    title: 'Training',
    short: 'Training',
    lead: 'How the model came to predict text it had never seen, beside what simpler ways to predict it reach (dashed).',
    body: html`${hasMetrics(pretrain) ? html`${figuresHtml(trainingFigures(pretrain))}${charts(pretrain, baselines(readValue(evaluation)))}` : notYet('Pretraining has not begun.')}${
      hasMetrics(finetune)
        ? html`<details><summary>Curves of fine-tuning</summary>${figuresHtml(trainingFigures(finetune))}${charts(finetune, [])}</details>`
        : nothing
    }`,
  };
};
