/** The plan beside what came true: one row for each thing that the plan foretold and the run measured. */
import type { Plan } from '../../plan/index.js';
import type { StepView } from '../../project/index.js';
import { readValue } from './part.js';
import type { ReportData } from './report-data.js';
import { lastValidation, trainingFigures } from './training-figures.js';

export type ForecastUnit = 'milliseconds' | 'bytes' | 'count' | 'bits' | 'rate';

export interface ForecastRow {
  readonly name: string;
  readonly unit: ForecastUnit;
  readonly planned: number;
  /** Half the width of the range that was foretold. */
  readonly error?: number;
  readonly measured: number | undefined;
  /** Less than planned is better ('less'), more is ('more'), or neither: it should hit. */
  readonly better: 'less' | 'more' | 'equal';
}

export type ForecastVerdict = 'waiting' | 'as planned' | 'better' | 'worse' | 'more' | 'less';

/** Within a tenth counts as planned where no range was given. */
const tolerance = 0.1;

/** How a forecast did. Errors of a foretold range count as planned inside it. */
export const judge = ({ planned, error, measured, better }: ForecastRow): ForecastVerdict => {
  if (measured === undefined || !Number.isFinite(measured)) return 'waiting';
  const allowed = error ?? Math.abs(planned) * tolerance;
  if (Math.abs(measured - planned) <= allowed) return 'as planned';
  const more = measured > planned;
  if (better === 'equal') return more ? 'more' : 'less';
  return more === (better === 'more') ? 'better' : 'worse';
};

const elapsedMs = (view: StepView | undefined): number | undefined =>
  view?.status.kind === 'done' ? view.status.elapsedMs : undefined;

/** Time planned and spent, of the steps of the schedule that have finished. */
const timeSoFar = ({ schedule }: Plan, { state }: ReportData) => {
  const finished = schedule.flatMap(({ step, seconds }) => {
    const view = [...state.steps.values()].find(({ name }) => name === step);
    const spent = elapsedMs(view);
    return spent === undefined ? [] : [{ plannedMs: seconds * 1000, spent }];
  });
  return {
    all: finished.length === schedule.length,
    any: finished.length > 0,
    plannedMs: finished.reduce((sum, { plannedMs }) => sum + plannedMs, 0),
    spentMs: finished.reduce((sum, { spent }) => sum + spent, 0),
  };
};

/** Everything foretold, with what was measured where it is known by now. */
export const scoreForecast = (report: ReportData): readonly ForecastRow[] => {
  const plan = readValue(report.plan);
  if (plan === undefined) return [];
  const { forecast, data, resolved } = plan;
  const pretrain = report.state.steps.get('pretrain');
  const finetune = report.state.steps.get('finetune');
  const figures = trainingFigures(pretrain);
  const time = timeSoFar(plan, report);
  const memory = pretrain?.memory;
  const size = readValue(report.size);
  const text = readValue(report.data)?.summary;
  const trainTokens = text?.tokens?.train.tokens;
  return [
    {
      name: 'Bits per byte of held-out text',
      unit: 'bits',
      planned: forecast.bitsPerByte,
      error: forecast.bitsPerByteError,
      measured:
        readValue(report.evaluation)?.model.bitsPerByte ??
        (pretrain?.status.kind === 'done' ? lastValidation(pretrain) : undefined),
      better: 'less',
    },
    {
      name: time.all ? 'Time of the whole run' : 'Time of the steps finished so far',
      unit: 'milliseconds',
      planned: time.any ? time.plannedMs : forecast.totalSeconds * 1000,
      measured: time.any ? time.spentMs : undefined,
      better: 'less',
    },
    {
      name: 'Time of pretraining',
      unit: 'milliseconds',
      planned: forecast.pretrainSeconds * 1000,
      measured: elapsedMs(pretrain),
      better: 'less',
    },
    {
      name: 'Time of fine-tuning',
      unit: 'milliseconds',
      planned: forecast.finetuneSeconds * 1000,
      measured: elapsedMs(finetune),
      better: 'less',
    },
    ...(size === undefined
      ? []
      : [
          {
            name: 'Training speed, tokens a second',
            unit: 'rate',
            planned: size.tokensPerSecond,
            measured: figures?.tokensPerSecond,
            better: 'more',
          } as const,
        ]),
    {
      name: 'Memory of a training step',
      unit: 'bytes',
      planned: forecast.memoryBytes,
      measured: memory === undefined ? undefined : memory.arenaBytes + memory.scratchBytes + memory.stateBytes,
      better: 'less',
    },
    {
      name: 'Bytes of training text',
      unit: 'bytes',
      planned: data.bytes,
      measured: text?.split.train.bytes,
      better: 'equal',
    },
    {
      name: 'Passes over the text',
      unit: 'rate',
      planned: forecast.epochs,
      measured:
        trainTokens === undefined || figures?.steps === undefined
          ? undefined
          : (figures.steps * (resolved.training.tokens / resolved.training.steps)) / trainTokens,
      better: 'equal',
    },
    {
      name: 'Parameters',
      unit: 'count',
      planned: forecast.parameters,
      measured: size?.parameters.total,
      better: 'equal',
    },
  ];
};
