import { z } from 'zod';

/** octavo.yaml: hardware. */
export const hardwareSection = z
  .strictObject({
    efficiency: z
      .number()
      .positive()
      .max(1)
      .default(0.65)
      .describe('Share of the measured matrix-product rate that a training step is expected to reach.'),
    memoryShare: z
      .number()
      .positive()
      .max(1)
      .default(0.7)
      .describe('Share of the memory that training may take; the plan makes batch or model smaller to keep it.'),
  })
  .describe('What the machine is expected to give; its speed is measured, not written here.');

export type HardwareSection = z.infer<typeof hardwareSection>;
