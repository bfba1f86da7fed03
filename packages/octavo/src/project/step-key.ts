import type { StepName } from '../core/index.js';
import { canonicalJson, sha256 } from './canonical-json.js';

/** All that a step's output depends on. */
export interface KeyParts {
  readonly name: StepName;
  readonly version: number;
  readonly section: unknown;
  /** The keys of the steps it reads, which hold all that those depend on. */
  readonly inputs: Readonly<Partial<Record<StepName, string>>>;
  /** Hashes of what lies outside the run. */
  readonly external: Readonly<Record<string, string>>;
}

/** Equal keys: equal output. Clocks and time stamps have no part in it. */
export const stepKey = (parts: KeyParts): string => sha256(canonicalJson(parts));
