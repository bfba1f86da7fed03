import { loadAddon, type MachineFacts, measureMachine } from '@octavo/engine';

export { type MachineFacts, measureMachine };

/** What the native engine was built with and this machine can run. */
export interface NativeParts {
  /** Instruction sets, worst first. */
  readonly isas: readonly string[];
  /** Forms of mixed precision. */
  readonly forms: readonly string[];
}

/** Loads the native engine. Errors: NATIVE_MISSING. */
export const nativeParts = (): NativeParts => {
  const { isas, forms } = loadAddon();
  return { isas, forms };
};
