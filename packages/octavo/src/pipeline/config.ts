import { z } from 'zod';
import { dataSection } from '../data/index.js';
import { evaluateSection } from '../evaluation/index.js';
import { exportSection } from '../export/index.js';
import { hardwareSection } from '../hardware/index.js';
import { modelSection } from '../models/index.js';
import { planSection } from '../plan/index.js';
import { configTemplate, inputJsonSchema } from '../project/index.js';
import { servingSection } from '../serving/index.js';
import { tokenizerSection } from '../text/index.js';
import { trainingSection } from '../training/index.js';
import { tuningSection } from '../tuning/index.js';

/** octavo.yaml: one section of each room, every field optional. */
export const configSchema = z.strictObject({
  plan: planSection.prefault({}),
  data: dataSection.prefault({}),
  tokenizer: tokenizerSection.prefault({}),
  model: modelSection.prefault({}),
  hardware: hardwareSection.prefault({}),
  pretrain: trainingSection.prefault({}),
  finetune: tuningSection.prefault({}),
  evaluate: evaluateSection.prefault({}),
  export: exportSection.prefault({}),
  serve: servingSection.prefault({}),
});

export type Config = z.infer<typeof configSchema>;

/** What editors check octavo.yaml by; published as schema/octavo.schema.json. */
export const configJsonSchema = (): Readonly<Record<string, unknown>> => ({
  ...inputJsonSchema(configSchema),
  title: 'octavo.yaml',
});

/** The octavo.yaml of a new project: the quickstart, every other field commented out beside it. */
export const configTemplateOfProject = (): string =>
  configTemplate(configJsonSchema(), {}, [
    'yaml-language-server: $schema=./node_modules/octavo/schema/octavo.schema.json',
    'An Octavo project. Every field has a good default: uncomment what you want to change.',
  ]);
