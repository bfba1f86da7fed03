import { z } from 'zod';

/** One machine, as measured: the values come from the engine, which may touch hardware; this room may not. */
export const machineSchema = z.object({
  cores: z.number().int().positive(),
  memoryBytes: z.number().positive(),
  /** Of a large matrix product on all cores. */
  gflops: z.object({ float32: z.number().positive(), mixed: z.number().positive() }),
  /** Reading memory. */
  gigabytesPerSecond: z.number().positive(),
  isa: z.string(),
  /** How 16-bit products are computed, such as dot, half or widened. */
  mixedForm: z.string(),
});

export type Machine = Readonly<z.infer<typeof machineSchema>>;
export type PrecisionChoice = 'mixed' | 'float32';
