import type { Clock, Emit, StepName } from '../core/index.js';

/** What a step is given. It writes only below `folder`, reads earlier steps by `artifact`, and tells all else by `emit`. */
export interface StepContext<Section> {
  /** The step's own section of octavo.yaml, defaults filled in. */
  readonly section: Section;
  /** This step's artifact folder: empty at first, kept when an interrupted step goes on. */
  readonly folder: string;
  /** The artifact folder of an earlier, finished step. */
  readonly artifact: (step: StepName) => string;
  /** Where octavo.yaml lies: relative paths of the user start here. */
  readonly projectFolder: string;
  /** Downloads and measurements that several runs share. */
  readonly cacheFolder: string;
  readonly emit: Emit;
  readonly clock: Clock;
  /** Aborted by Ctrl-C or SIGTERM: save, then return `interrupted`. */
  readonly signal: AbortSignal;
}

export type StepOutcome =
  | { readonly kind: 'done'; readonly summary: Readonly<Record<string, unknown>> }
  | { readonly kind: 'interrupted' };

/** One node of the step graph. Its key is the hash of `version`, the section, and the keys of `inputs`. */
export interface Step<Section> {
  readonly name: StepName;
  /** Raised when the same section and inputs could give another output. */
  readonly version: number;
  readonly inputs: readonly StepName[];
  /**
   * What the step reads from outside the run, by name: usually a path and the hash of its contents (`hashFile`), or a
   * package and its version. Part of the key, so a changed source is noticed; time stamps are not.
   */
  readonly externalInputs?: (section: Section, projectFolder: string) => Promise<Readonly<Record<string, string>>>;
  readonly run: (context: StepContext<Section>) => Promise<StepOutcome>;
}
