import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fail, formatBytes, formatCount, optimiserKinds, writeFileAtomic } from '../core/index.js';
import { countParameters, gptConfigSchema, type ParameterCount, trainingFlopsPerToken } from '../models/index.js';
import type { Step, StepContext } from '../project/index.js';
import { type Machine, machineSchema } from './machine.js';
import { keyValueCacheBytes, type MemoryUse, trainingMemory } from './memory.js';
import type { HardwareSection } from './section.js';
import { decodingBound, trainingSeconds } from './time.js';

/** What sizing needs of `plan.json`; the plan may hold more. */
const planned = z.object({
  machine: machineSchema,
  resolved: z.object({
    model: gptConfigSchema,
    training: z.object({
      batchSequences: z.number().int().positive(),
      microBatches: z.number().int().positive(),
      sequenceLength: z.number().int().positive(),
      steps: z.number().int().positive(),
      optimiser: z.enum(optimiserKinds),
      precision: z.enum(['mixed', 'float32']),
    }),
  }),
});

/** `size.json`. */
export interface Size {
  readonly machine: Machine;
  readonly parameters: ParameterCount;
  readonly flops: { readonly perToken: number; readonly perStep: number; readonly total: number };
  readonly tokens: number;
  readonly memory: MemoryUse & {
    readonly allowedBytes: number;
    readonly fits: boolean;
    /** Whether it is the engine's own plan; else an estimate. */
    readonly exact: boolean;
  };
  readonly keyValueCacheBytes: number;
  readonly pretrainSeconds: number;
  readonly tokensPerSecond: number;
  /** What reading the weights allows one greedy stream. */
  readonly decodingTokensPerSecond: number;
}

export type PlannedTraining = z.infer<typeof planned>['resolved'];

/** Sizes what the plan resolved, on the machine it was made for. `known` is the memory of a step, where the engine was asked. */
export function sizeOf(
  plan: z.infer<typeof planned>,
  { efficiency, memoryShare }: HardwareSection,
  known?: MemoryUse,
): Size {
  const { machine } = plan;
  const { model, training } = plan.resolved;
  const { sequenceLength, precision, optimiser } = training;
  const parameters = countParameters(model);
  const perToken = trainingFlopsPerToken(model, sequenceLength);
  const tokensPerStep = training.batchSequences * training.microBatches * sequenceLength;
  const tokens = tokensPerStep * training.steps;
  const estimate = { sequences: training.batchSequences, sequenceLength, optimiser, precision };
  const memory = known ?? trainingMemory(model, estimate);
  const allowedBytes = machine.memoryBytes * memoryShare;
  const pretrainSeconds = trainingSeconds(perToken * tokens, { machine, precision, efficiency });
  return {
    machine,
    parameters,
    flops: { perToken, perStep: perToken * tokensPerStep, total: perToken * tokens },
    tokens,
    memory: { ...memory, allowedBytes, fits: memory.totalBytes <= allowedBytes, exact: known !== undefined },
    keyValueCacheBytes: keyValueCacheBytes(model, { sequenceLength: model.contextLength, bytesPerValue: 4 }),
    pretrainSeconds,
    tokensPerSecond: tokens / pretrainSeconds,
    decodingTokensPerSecond: decodingBound(4 * parameters.multiplied, machine),
  };
}

export interface SizeDependencies<Section> {
  /** The exact memory of a training step, from the engine's plan of it. */
  readonly memoryOf: (
    planned: PlannedTraining,
    context: Pick<StepContext<Section>, 'section' | 'cacheFolder'>,
  ) => Promise<MemoryUse>;
}

/** Says what the planned model takes on this machine, before anything is trained. Errors: PLAN_INVALID, MEMORY_TOO_SMALL. */
export const sizeStep = <Section extends HardwareSection>({ memoryOf }: SizeDependencies<Section>): Step<Section> => ({
  name: 'size',
  version: 2,
  inputs: ['plan'],
  run: async (context) => {
    const { section, folder, artifact } = context;
    const path = join(artifact('plan'), 'plan.json');
    const read = planned.safeParse(JSON.parse(await readFile(path, 'utf8')));
    if (!read.success)
      throw fail('PLAN_INVALID', { what: z.prettifyError(read.error), where: path, remedy: 'run the plan step again' });
    const size = sizeOf(read.data, section, await memoryOf(read.data.resolved, context));
    writeFileAtomic(join(folder, 'size.json'), `${JSON.stringify(size, null, 2)}\n`);
    const { memory, parameters, pretrainSeconds, flops } = size;
    if (!memory.fits)
      throw fail('MEMORY_TOO_SMALL', {
        what: `${formatCount(parameters.total)} parameters need ${formatBytes(memory.totalBytes)} to train; ${formatBytes(memory.allowedBytes)} of ${formatBytes(size.machine.memoryBytes)} may be used`,
        where: 'octavo.yaml: model, pretrain',
        remedy: 'leave model.depth to the plan, make pretrain.batchSequences smaller, or raise hardware.memoryShare',
      });
    return {
      kind: 'done',
      summary: { parameters: parameters.total, memoryBytes: memory.totalBytes, pretrainSeconds, flops: flops.total },
    };
  },
});
