import type { StepName } from '../core/index.js';
import type { Step, StepContext, StepOutcome } from '../project/index.js';

/** A room's step with its part of the configuration chosen: the form in which steps of different rooms make one list. */
export interface GraphNode<Config> {
  readonly name: StepName;
  readonly version: number;
  readonly inputs: readonly StepName[];
  readonly section: (config: Config) => unknown;
  readonly externalInputs: (config: Config, projectFolder: string) => Promise<Readonly<Record<string, string>>>;
  readonly run: (config: Config, context: Omit<StepContext<unknown>, 'section'>) => Promise<StepOutcome>;
}

/** Joins a step to the section that it reads. */
export const node = <Config, Section>(
  step: Step<Section>,
  section: (config: Config) => Section,
): GraphNode<Config> => ({
  name: step.name,
  version: step.version,
  inputs: step.inputs,
  section,
  externalInputs: async (config, projectFolder) => (await step.externalInputs?.(section(config), projectFolder)) ?? {},
  run: (config, context) => step.run({ ...context, section: section(config) }),
});
