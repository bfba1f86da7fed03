import { z } from 'zod';

/** octavo.yaml: export. */
export const exportSection = z
  .strictObject({
    huggingFace: z
      .boolean()
      .default(true)
      .describe('A folder that transformers loads, in an architecture that other programs know too.'),
    onnx: z.boolean().default(true).describe('A model.onnx with a key-value cache, in float32.'),
    weights: z
      .enum(['trained', 'average'])
      .default('trained')
      .describe('The last weights, or their moving average (finetune.average).'),
    checkPrompts: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(20)
      .describe('Held-out prompts on which each export is compared with our logits.'),
  })
  .describe('Formats that others run, each compared with our own logits before it counts as done.');

export type ExportSection = z.infer<typeof exportSection>;
