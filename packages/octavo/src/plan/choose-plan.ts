import { fail, formatBytes, formatDuration, type OptimiserKind, parseBytes } from '../core/index.js';
import {
  affordableFlops,
  type HardwareSection,
  type Machine,
  type ModelShape,
  parametersOf,
  stepFlopsPerToken,
  trainingMemory,
  trainingSeconds,
} from '../hardware/index.js';
import { scheduleOf, splitBudget, type TimeSplit } from './budget.js';
import { depthFor, modelOfDepth, modelReasons, vocabularyFor } from './choose-model.js';
import { type BitsForecast, bytesPerToken, forecastBits, measuredTokens } from './forecast.js';
import { type ModelChoices, type Plan, type PretrainChoices, type Reason, setByYou } from './plan.js';
import { risksOf } from './risks.js';
import type { PlanSection } from './section.js';

export interface PlanInput {
  readonly plan: PlanSection;
  readonly hardware: HardwareSection;
  readonly model: ModelChoices;
  readonly pretrain: PretrainChoices;
  readonly tokenizer: { readonly vocabularySize?: number | undefined };
}

/** The quickstart mix, less what is held out. */
const quickstartBytes = 5_500_000;
const fewestSteps = 20;
const referenceWidth = 192;
/**
 * Peak rates at the reference width of all that Muon does not train. Lion's is a tenth of AdamW's (arXiv 2302.06675, §5);
 * Adafactor's is relative to the size of weights.
 */
const peakRates: Readonly<Record<OptimiserKind, number>> = {
  muon: 0.01,
  adamw: 0.003,
  adam: 0.003,
  lion: 0.0003,
  adafactor: 0.02,
  sgd: 0.1,
};

function vocabularyOf({ model, tokenizer }: PlanInput, dataBytes: number): number {
  const [ofModel, ofTokenizer] = [model.vocabularySize, tokenizer.vocabularySize];
  if (ofModel !== undefined && ofTokenizer !== undefined && ofModel !== ofTokenizer)
    throw fail('PLAN_IMPOSSIBLE', {
      what: `the model has ${ofModel} entries and the tokenizer ${ofTokenizer}`,
      where: 'octavo.yaml: model.vocabularySize, tokenizer.vocabularySize',
      remedy: 'set one of them; the other follows',
    });
  return ofModel ?? ofTokenizer ?? vocabularyFor(dataBytes);
}

/** Tokens of a step grow with the fourth root of the operations, from 2,048 at 6e13 (Kaplan: C^0.24); a power of two. */
const tokensPerStepFor = (flops: number): number => 2 ** Math.round(Math.log2(2048 * (flops / 6e13) ** 0.25));

interface Batch {
  readonly batchSequences: number;
  readonly microBatches: number;
  readonly sequenceLength: number;
}

/** The batch, cut into forward passes that the memory holds. */
function batchFor(
  model: ModelShape,
  flops: number,
  {
    input,
    allowedBytes,
    optimiser,
    precision,
  }: {
    readonly input: PlanInput;
    readonly allowedBytes: number;
    readonly optimiser: OptimiserKind;
    readonly precision: 'mixed' | 'float32';
  },
): Batch {
  const { pretrain } = input;
  const sequenceLength = pretrain.sequenceLength ?? model.contextLength;
  if (sequenceLength > model.contextLength)
    throw fail('PLAN_IMPOSSIBLE', {
      what: `sequences of ${sequenceLength} tokens are longer than the context of ${model.contextLength}`,
      where: 'octavo.yaml: pretrain.sequenceLength',
      remedy: 'make it smaller, or model.contextLength larger',
    });
  let microBatches = pretrain.microBatches ?? 1;
  let batchSequences =
    pretrain.batchSequences ?? Math.max(1, Math.round(tokensPerStepFor(flops) / sequenceLength / microBatches));
  const needs = () =>
    trainingMemory(model, { sequences: batchSequences, sequenceLength, optimiser, precision }).totalBytes;
  while (pretrain.batchSequences === undefined && batchSequences > 1 && needs() > allowedBytes) {
    batchSequences = Math.ceil(batchSequences / 2);
    if (pretrain.microBatches === undefined) microBatches *= 2;
  }
  return { batchSequences, microBatches, sequenceLength };
}

/** The deepest model for the operations whose training the memory holds, with its batch. */
function modelAndBatch(
  input: PlanInput,
  flops: number,
  vocabularySize: number,
  memory: Omit<Parameters<typeof batchFor>[2], 'input'>,
) {
  let depth = input.model.depth ?? depthFor(flops, vocabularySize, input.model);
  for (;;) {
    const model = modelOfDepth(depth, vocabularySize, input.model);
    const batch = batchFor(model, flops, { input, ...memory });
    const { totalBytes } = trainingMemory(model, {
      ...memory,
      sequences: batch.batchSequences,
      sequenceLength: batch.sequenceLength,
    });
    if (totalBytes <= memory.allowedBytes || input.model.depth !== undefined || depth === 1)
      return { model, batch, memoryBytes: totalBytes };
    depth -= 1;
  }
}

const reason = (field: string, value: Reason['value'], chosen: unknown, why: string): Reason => ({
  field,
  value,
  why: chosen === undefined ? why : setByYou,
});

function trainingReasons(
  training: Plan['resolved']['training'],
  input: PlanInput,
  split: TimeSplit,
): readonly Reason[] {
  const { pretrain, plan } = input;
  const time = formatDuration(split.pretrainSeconds * 1000);
  const from =
    plan.pretrainTime === undefined
      ? `${time} of the budget of ${formatDuration(split.totalSeconds * 1000)}`
      : `${time}, set by you`;
  return [
    reason(
      'pretrain.batchSequences',
      training.batchSequences,
      pretrain.batchSequences,
      'tokens of a step grow with the fourth root of the operations, as far as memory goes',
    ),
    reason(
      'pretrain.microBatches',
      training.microBatches,
      pretrain.microBatches,
      training.microBatches === 1 ? 'the batch fits into memory at once' : 'the batch does not fit into memory at once',
    ),
    reason('pretrain.sequenceLength', training.sequenceLength, pretrain.sequenceLength, 'the context length'),
    reason('pretrain.steps', training.steps, pretrain.steps, `what ${from} pays for`),
    reason(
      'pretrain.matrixLearningRate',
      training.learningRate.matrices,
      pretrain.matrixLearningRate,
      training.optimiser === 'muon' ? 'Muon’s rate holds across widths' : 'used by groups under Muon only',
    ),
    reason(
      'pretrain.learningRate',
      training.learningRate.others,
      pretrain.learningRate,
      `${peakRates[training.optimiser]} at width ${referenceWidth}, falling with √width`,
    ),
    ...(pretrain.memoryLimit === undefined
      ? []
      : [{ field: 'pretrain.memoryLimit', value: pretrain.memoryLimit, why: setByYou }]),
    { field: 'pretrain.warmupSteps', value: training.warmupSteps, why: '3 % of the steps unless set' },
    {
      field: 'pretrain.precision',
      value: training.precision,
      why: 'mixed unless set: 16-bit products where they are faster',
    },
  ];
}

/** Chooses every size from budget, data and the machine's measured speed. Errors: PLAN_IMPOSSIBLE. */
export function choosePlan(
  input: PlanInput,
  machine: Machine,
  known: { readonly dataBytes?: number | undefined } = {},
): Plan {
  const { plan, hardware, pretrain } = input;
  const split = splitBudget(plan);
  const dataBytes = known.dataBytes ?? plan.dataBytes ?? quickstartBytes;
  const vocabularySize = vocabularyOf(input, dataBytes);
  const uniqueTokens = Math.max(1, Math.round(dataBytes / bytesPerToken(vocabularySize)));
  const [optimiser, precision] = [pretrain.optimiser ?? 'muon', pretrain.precision ?? 'mixed'] as const;
  const speed = { machine, precision, efficiency: hardware.efficiency };
  const budgetFlops = affordableFlops(split.pretrainSeconds, speed);
  const limit = pretrain.memoryLimit === undefined ? undefined : parseBytes(pretrain.memoryLimit);
  const allowedBytes = Math.min(machine.memoryBytes * hardware.memoryShare, limit ?? Number.POSITIVE_INFINITY);
  const { model, batch, memoryBytes } = modelAndBatch(input, budgetFlops, vocabularySize, {
    allowedBytes,
    optimiser,
    precision,
  });

  const tokensPerStep = batch.batchSequences * batch.microBatches * batch.sequenceLength;
  const flopsPerStep = stepFlopsPerToken(model, batch.sequenceLength) * tokensPerStep;
  const steps = pretrain.steps ?? Math.floor(budgetFlops / flopsPerStep);
  if (steps < (pretrain.steps === undefined ? fewestSteps : 1))
    throw fail('PLAN_IMPOSSIBLE', {
      what: `${formatDuration(split.pretrainSeconds * 1000)} of pretraining pay for ${steps} steps of ${formatDuration(trainingSeconds(flopsPerStep, speed) * 1000)}; ${fewestSteps} is the least that makes sense`,
      where: 'octavo.yaml: plan.budget',
      remedy: 'allow more time, or choose a smaller model or batch',
    });
  const flops = flopsPerStep * steps;
  const tokens = tokensPerStep * steps;
  const narrower = Math.sqrt(referenceWidth / model.width);
  const others = pretrain.learningRate ?? round(peakRates[optimiser] * narrower);
  const matrices = pretrain.matrixLearningRate ?? 0.015;
  const training = {
    optimiser,
    precision,
    ...batch,
    steps,
    tokens,
    learningRate: { matrices, others },
    warmupSteps: Math.round(steps * (pretrain.warmupShare ?? 0.03)),
    schedule: pretrain.schedule ?? 'linear',
    seed: pretrain.seed ?? 1,
  } as const;
  const finetuneSteps = Math.max(1, Math.floor(affordableFlops(split.finetuneSeconds, speed) / flopsPerStep));
  const finetune = { steps: finetuneSteps };
  const pretrainSeconds = trainingSeconds(flops, speed);
  const schedule = scheduleOf({ pretrainSeconds, finetuneSeconds: split.finetuneSeconds }, dataBytes);
  const totalSeconds = schedule.reduce((sum, { seconds }) => sum + seconds, 0);
  const bits: BitsForecast = forecastBits({ flops, tokens, uniqueTokens });
  const forecast = {
    parameters: parametersOf(model),
    flops,
    pretrainSeconds,
    finetuneSeconds: split.finetuneSeconds,
    totalSeconds,
    memoryBytes,
    memoryAllowedBytes: allowedBytes,
    epochs: tokens / uniqueTokens,
    bitsPerByte: bits.bitsPerByte,
    bitsPerByteError: bits.error,
    ...(plan.money === undefined
      ? {}
      : { cost: { amount: (totalSeconds / 3600) * plan.money.perHour, currency: plan.money.currency } }),
  };
  const estimated = known.dataBytes === undefined;
  const reasons: readonly Reason[] = [
    {
      field: 'pretrain time',
      value: formatDuration(split.pretrainSeconds * 1000),
      why: plan.pretrainTime === undefined ? `four fifths of the training time that ${split.boundBy} allows` : setByYou,
    },
    reason(
      'tokenizer.vocabularySize',
      vocabularySize,
      input.model.vocabularySize ?? input.tokenizer.vocabularySize,
      `for ${formatBytes(dataBytes)} of text`,
    ),
    ...modelReasons(model, {
      ...input.model,
      vocabularySize: input.model.vocabularySize ?? input.tokenizer.vocabularySize,
    }),
    ...trainingReasons(training, input, split),
    {
      field: 'finetune.steps',
      value: finetuneSteps,
      why: `what ${formatDuration(split.finetuneSeconds * 1000)} pay for`,
    },
  ];
  return {
    version: 1,
    goal: plan.goal,
    machine,
    data: { bytes: dataBytes, tokens: uniqueTokens, estimated },
    resolved: { tokenizer: { vocabularySize }, model, training, finetune },
    forecast,
    schedule: [...schedule],
    risks: [
      ...risksOf({
        forecast,
        bits,
        dataBytes,
        estimated,
        machine,
        budgetSeconds: split.totalSeconds,
        sameData: Math.abs(Math.log2(uniqueTokens / measuredTokens)) < 1,
      }),
    ],
    reasons: [...reasons],
  };
}

/** To two digits, as a person would set it. */
const round = (value: number): number => Number(value.toPrecision(2));
