import { z } from 'zod';
import type { StepView } from '../../project/index.js';

const check = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('checked'),
    by: z.string(),
    prompts: z.number(),
    worstLogit: z.number(),
    greedyEqual: z.number(),
  }),
  z.object({ kind: z.literal('unchecked'), why: z.string() }),
]);

export interface ExportedFormat {
  readonly name: string;
  /** Where it lies below the run's folder. */
  readonly path: string;
  readonly check: Readonly<z.infer<typeof check>>;
}

const formats = [
  { key: 'huggingFace', name: 'Hugging Face folder', path: 'artifacts/export/huggingface' },
  { key: 'onnx', name: 'ONNX file', path: 'artifacts/export/model.onnx' },
] as const;

/** The formats that the export step wrote, each with how it was checked; none before its end. */
export const exportedFormats = (view: StepView | undefined): readonly ExportedFormat[] => {
  if (view?.status.kind !== 'done') return [];
  const { summary } = view.status;
  return formats.flatMap(({ key, name, path }) => {
    const read = check.safeParse(summary[key]);
    return read.success ? [{ name, path, check: read.data }] : [];
  });
};
