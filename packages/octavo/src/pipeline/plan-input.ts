import type { PlanInput } from '../plan/index.js';
import type { Config } from './config.js';

/** The fields that the plan weighs: a change of any other leaves it, and what was made by it, as it was. */
export const planInput = ({ plan, hardware, model, tokenizer, pretrain }: Config): PlanInput => {
  const { optimiser, precision, learningRate, matrixLearningRate, batchSequences, microBatches } = pretrain;
  const { sequenceLength, steps, schedule, warmupShare, seed, memoryLimit } = pretrain;
  const { vocabularySize } = tokenizer;
  return {
    plan,
    hardware,
    model,
    tokenizer: vocabularySize === 'auto' ? {} : { vocabularySize },
    pretrain: {
      optimiser,
      precision,
      learningRate,
      matrixLearningRate,
      batchSequences,
      microBatches,
      sequenceLength,
      steps,
      schedule,
      warmupShare,
      seed,
      memoryLimit,
    },
  };
};
