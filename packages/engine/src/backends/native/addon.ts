import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { OctavoError } from '../../error.js';

/** What the C++ addon offers; see native/addon.cpp. */
export interface Addon {
  /** Kernel names, in the order that programs refer to them. */
  readonly kernels: readonly string[];
  /** Elementwise op names, in the order that fused programs refer to them. */
  readonly elementwise: readonly string[];
  /** Instruction sets that were built and that this machine runs, worst first. */
  readonly isas: readonly string[];
  /** Forms of mixed precision that this machine can run. */
  readonly forms: readonly string[];
  readonly cpu: string;
  /** Zeroed memory, aligned to 4096 bytes. Throws when there is none. */
  allocate(bytes: number): ArrayBuffer;
  compile(
    code: Float64Array,
    options: {
      readonly arenaBytes: number;
      readonly slots: number;
      /** For each result that a run copies out: 1 in the arena or 0 in a slot, offset or slot, bytes. */
      readonly outputs: Float64Array;
      readonly threads: number;
      readonly isa: string;
      readonly form: number;
      /** 1 where a run may be done on the thread that asks for it; such a program has one thread. */
      readonly immediate: number;
    },
  ): { readonly program: object; readonly scratchBytes: number };
  /**
   * Adds the nanoseconds of each instruction to `nanoseconds` where it is given. Runs are done in their order.
   * Nothing comes back where the run is done already.
   */
  run(
    program: object,
    slots: readonly ArrayBuffer[],
    outputs: readonly ArrayBuffer[],
    nanoseconds?: Float64Array,
  ): Promise<void> | undefined;
  /** Billions of operations, or bytes, a second: 'fma', 'dot', 'half' are register-only peaks, 'read' streams memory. */
  measure(what: 'fma' | 'dot' | 'half' | 'read', threads: number, isa: string): number;
}

const require = createRequire(import.meta.url);

/** The addon built in this repository, or the one of an installed platform package; OCTAVO_ENGINE_ADDON names another build. */
export function loadAddon(): Addon {
  const built = fileURLToPath(new URL('../../../native/build/engine.node', import.meta.url));
  const installed = `@octavo/native-${process.platform}-${process.arch}/engine.node`;
  try {
    return require(process.env['OCTAVO_ENGINE_ADDON'] ?? (existsSync(built) ? built : installed));
  } catch (cause) {
    throw new OctavoError('NATIVE_MISSING', {
      what: `the native engine is not built for ${process.platform}-${process.arch}`,
      where: built,
      remedy:
        'in a clone run `npm run build` (needs g++ and make); elsewhere `npm install octavo` again, with optional packages',
      cause,
    });
  }
}
