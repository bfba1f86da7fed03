import { parseDuration, type StepName, steps } from '../core/index.js';
import type { PlanSection } from './section.js';

export interface TimeSplit {
  readonly totalSeconds: number;
  readonly pretrainSeconds: number;
  readonly finetuneSeconds: number;
  /** What bound the total. */
  readonly boundBy: 'time' | 'money';
}

/** Fine-tuning on short answers gains nothing after this. */
const longestFinetuneSeconds = 300;

/**
 * Half of a short budget, and all but five minutes of a long one, goes into training; a fifth of that, five minutes at
 * most, into fine-tuning.
 */
export function splitBudget({ budget, pretrainTime, money }: PlanSection): TimeSplit {
  const timeSeconds = (parseDuration(budget) ?? 0) / 1000;
  const moneySeconds = money === undefined ? Number.POSITIVE_INFINITY : (money.amount / money.perHour) * 3600;
  const totalSeconds = Math.min(timeSeconds, moneySeconds);
  const training = Math.max(totalSeconds * 0.5, totalSeconds - 300);
  const finetuneSeconds = Math.min(training * 0.2, longestFinetuneSeconds);
  const given = pretrainTime === undefined ? undefined : (parseDuration(pretrainTime) ?? 0) / 1000;
  return {
    totalSeconds,
    pretrainSeconds: given ?? training - finetuneSeconds,
    finetuneSeconds,
    boundBy: moneySeconds < timeSeconds ? 'money' : 'time',
  };
}

/**
 * Seconds to allow for the steps that are not sized by the budget: a fixed part, and one for each megabyte of text.
 * About twice what the quickstart mix took on 2 cores with its packages fetched before (collect 5 s, clean 0.9 s,
 * evaluate 36 s, all others below 0.5 s), since machines and networks differ.
 */
const allowances: Readonly<Partial<Record<StepName, readonly [fixed: number, perMegabyte: number]>>> = {
  plan: [3, 0],
  collect: [6, 1],
  clean: [1, 0.3],
  split: [0.5, 0.1],
  tokenizer: [0.5, 0.1],
  tokenize: [0.5, 0.1],
  size: [0.5, 0],
  evaluate: [30, 6],
  export: [10, 0],
};

export interface ScheduledStep {
  readonly step: StepName;
  readonly seconds: number;
  /** Whether the budget sets the time, or it is an allowance. */
  readonly kind: 'budget' | 'allowance';
}

export function scheduleOf(
  trained: { readonly pretrainSeconds: number; readonly finetuneSeconds: number },
  dataBytes: number,
): readonly ScheduledStep[] {
  const times: Readonly<Partial<Record<StepName, number>>> = {
    pretrain: trained.pretrainSeconds,
    finetune: trained.finetuneSeconds,
  };
  return steps.map(({ name }): ScheduledStep => {
    const time = times[name];
    if (time !== undefined) return { step: name, seconds: time, kind: 'budget' };
    const [fixed, perMegabyte] = allowances[name] ?? [0, 0];
    return { step: name, seconds: fixed + (perMegabyte * dataBytes) / 1e6, kind: 'allowance' };
  });
}
