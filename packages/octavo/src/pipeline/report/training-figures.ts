import { z } from 'zod';
import type { StepView } from '../../project/index.js';

/** What a training step said at its end, as far as it said it. */
const figures = z.object({
  steps: z.number().optional(),
  loss: z.number().optional(),
  validationBitsPerByte: z.number().optional(),
  tokensPerSecond: z.number().optional(),
  gflops: z.number().optional(),
  machineGflops: z.number().optional(),
  trainingSeconds: z.number().optional(),
  conversations: z.number().optional(),
  memory: z.object({ predictedBytes: z.number(), stateBytes: z.number(), usedBytes: z.number() }).optional(),
  isa: z.string().optional(),
  form: z.string().optional(),
});

export type TrainingFigures = Readonly<z.infer<typeof figures>>;

/** The figures of a finished training step; undefined before its end. */
export const trainingFigures = (view: StepView | undefined): TrainingFigures | undefined => {
  if (view?.status.kind !== 'done') return undefined;
  const read = figures.safeParse(view.status.summary);
  return read.success ? read.data : undefined;
};

/** The newest validation of a training step, finished or not. */
export const lastValidation = (view: StepView | undefined): number | undefined =>
  view?.metrics
    .get('validationBitsPerByte')
    ?.filter(({ value }) => Number.isFinite(value))
    .at(-1)?.value;
