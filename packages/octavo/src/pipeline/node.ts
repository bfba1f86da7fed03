import { invariant, type StepName } from '../core/index.js';
import { type Step, type StepContext, type StepOutcome, stepKey } from '../project/index.js';

/** A room's step with its part of the configuration chosen: the form in which steps of different rooms make one list. */
export interface GraphNode<Config> {
  readonly name: StepName;
  readonly version: number;
  readonly inputs: readonly StepName[];
  /** What the step's key depends on. */
  readonly section: (config: Config) => unknown;
  readonly externalInputs: (config: Config, projectFolder: string) => Promise<Readonly<Record<string, string>>>;
  readonly run: (config: Config, context: Omit<StepContext<unknown>, 'section'>) => Promise<StepOutcome>;
}

/** Joins a step to the section that it reads, and to the part of it that its key depends on where that is not all. */
export const node = <Config, Section>(
  step: Step<Section>,
  section: (config: Config) => Section,
  keyed: (config: Config) => unknown = section,
): GraphNode<Config> => ({
  name: step.name,
  version: step.version,
  inputs: step.inputs,
  section: keyed,
  externalInputs: async (config, projectFolder) => (await step.externalInputs?.(section(config), projectFolder)) ?? {},
  run: (config, context) => step.run({ ...context, section: section(config) }),
});

/** The key of a step, from those of its inputs. */
export const keyOf = async <Config>(
  node: GraphNode<Config>,
  config: Config,
  { keys, projectFolder }: { readonly keys: ReadonlyMap<StepName, string>; readonly projectFolder: string },
): Promise<string> => {
  const inputs = node.inputs.map((input) => {
    const key = keys.get(input);
    invariant(key !== undefined, `step ${node.name} stands after its input ${input}`);
    return [input, key] as const;
  });
  return stepKey({
    name: node.name,
    version: node.version,
    section: node.section(config),
    inputs: Object.fromEntries(inputs),
    external: await node.externalInputs(config, projectFolder),
  });
};
