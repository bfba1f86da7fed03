import { parseBytes } from '../core/index.js';
import type { MemoryUse, PlannedTraining } from '../hardware/index.js';
import { backendFor, compileStep, machineFacts, optimiserOf, type TrainingSection } from '../training/index.js';

/** The exact memory of a planned training step: the engine compiles it and runs nothing. Errors: MEMORY_LIMIT. */
export async function plannedMemory(
  { model, training }: PlannedTraining,
  the: { readonly section: { readonly pretrain: TrainingSection }; readonly cacheFolder: string },
): Promise<MemoryUse> {
  const { pretrain } = the.section;
  const facts = await machineFacts(the.cacheFolder, process.env['OCTAVO_ISA']);
  const { memory } = compileStep({
    backend: backendFor(facts, pretrain.threads),
    precision: pretrain.precision === 'float32' ? 'float32' : facts.mixedPrecision,
    shape: {
      model,
      optimiser: optimiserOf(pretrain),
      sequences: training.batchSequences,
      length: training.sequenceLength,
      clip: pretrain.clip,
      clipValue: pretrain.clipValue,
      seed: pretrain.seed,
      packed: false,
    },
    microBatches: training.microBatches,
    memoryLimitBytes: pretrain.memoryLimit === undefined ? undefined : parseBytes(pretrain.memoryLimit),
  });
  const { weightsBytes, gradientsBytes, optimiserBytes, totalBytes } = memory;
  const activationsBytes = memory.arenaBytes + memory.scratchBytes + memory.batchBytes;
  return { weightsBytes, gradientsBytes, optimiserBytes, activationsBytes, totalBytes };
}
