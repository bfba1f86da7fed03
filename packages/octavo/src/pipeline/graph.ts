import {
  clean,
  cleanSection,
  collect,
  collectSection,
  split,
  splitSection,
  tokenize,
  tokenizeSection,
} from '../data/index.js';
import { type EvaluateSection, evaluateStep } from '../evaluation/index.js';
import { exportStep } from '../export/index.js';
import { type HardwareSection, sizeStep } from '../hardware/index.js';
import { planStep } from '../plan/index.js';
import type { Step } from '../project/index.js';
import { tokenizerStep } from '../text/index.js';
import { pretrainStep, type TrainingSection } from '../training/index.js';
import { finetuneStep } from '../tuning/index.js';
import type { Config } from './config.js';
import { loadEvaluationModel } from './evaluation-model.js';
import { openExportSource } from './export-source.js';
import { writeInside } from './inside/write-inside.js';
import { measuredMachine } from './machine.js';
import { type GraphNode, node } from './node.js';
import { planInput } from './plan-input.js';
import { plannedMemory } from './planned-memory.js';

const plan = planStep({
  machine: ({ cacheFolder }) => measuredMachine(cacheFolder),
  dataBytes: async () => undefined,
});

const size = sizeStep<HardwareSection & { readonly pretrain: TrainingSection }>({ memoryOf: plannedMemory });

type Loader = Parameters<typeof evaluateStep>[0]['loadModel'];

const evaluateWith = (loadModel: Loader): Step<EvaluateSection> => evaluateStep({ loadModel });

/** Evaluation of this run's own models, and a look inside one; where they lie is known when the step runs. */
const evaluate: Step<EvaluateSection> = {
  ...evaluateWith((folder) => Promise.reject(new Error(folder))),
  version: 2,
  run: async (context) => {
    const outcome = await evaluateWith((folder) => loadEvaluationModel(folder, context)).run(context);
    if (outcome.kind !== 'done') return outcome;
    if (context.signal.aborted) return { kind: 'interrupted' };
    await writeInside(context);
    return outcome;
  },
};

/** The steps of a run in order; each reads only steps above it. */
export const graph: readonly GraphNode<Config>[] = [
  node(plan, planInput),
  node(collect, ({ data }) => collectSection(data)),
  node(
    clean,
    ({ data }) => ({ ...cleanSection(data), workers: data.workers }),
    ({ data }) => cleanSection(data),
  ),
  node(split, ({ data }) => splitSection(data)),
  node(tokenizerStep, ({ tokenizer }) => tokenizer),
  node(
    tokenize,
    ({ data }) => ({ ...tokenizeSection(data), workers: data.workers }),
    ({ data }) => tokenizeSection(data),
  ),
  node(size, ({ hardware, pretrain }) => ({ ...hardware, pretrain })),
  node(pretrainStep, ({ pretrain }) => pretrain),
  node(finetuneStep, ({ finetune }) => finetune),
  node(evaluate, ({ evaluate }) => evaluate),
  node(exportStep(openExportSource), ({ export: section }) => section),
];
