import type { Precision } from '../passes/index.js';
import type { Recomputation } from '../passes/recompute.js';
import type { Plan } from '../plan/plan.js';
import type { Graph } from '../trace/graph.js';
import type { TensorType } from '../types.js';

/** Numbers as JavaScript holds them: float32 for every float dtype (float64 on the reference backend), int32 for indices. */
export type HostArray = Float32Array | Float64Array | Int32Array;

/** Memory of a backend: parameters, states, caches. It stays there between runs. */
export interface DeviceBuffer {
  readonly type: TensorType;
  readonly backend: Backend;
}

export interface Memory {
  /** Intermediate values: one allocation, laid out by the plan. */
  readonly arenaBytes: number;
  /** Packed operands and blocks inside kernels. */
  readonly scratchBytes: number;
  /** The graph's inputs: parameters, states and the batch. */
  readonly inputBytes: number;
}

export interface CompileOptions {
  readonly precision?: Precision;
  /**
   * Of arena, scratch and inputs together: parts of the forward pass run twice, to the same bits, where it takes that.
   * Errors: MEMORY_LIMIT. The reference backend, which plans nothing, does not see it.
   */
  readonly memoryLimitBytes?: number;
}

export interface Executable {
  readonly graph: Graph;
  readonly memory: Memory;
  /** Absent on the reference backend, which plans nothing. */
  readonly plan?: Plan;
  /** What a limit on memory cost; absent where nothing runs twice. */
  readonly recomputation?: Recomputation;
}

/** Where graphs run. One `run` is one submission; runs of a backend happen one after the other. */
export interface Backend {
  readonly name: string;
  readonly allocate: (type: TensorType, data?: ArrayLike<number>) => DeviceBuffer;
  readonly write: (buffer: DeviceBuffer, data: ArrayLike<number>) => void;
  readonly read: (buffer: DeviceBuffer) => HostArray;
  /** The bytes as they lie in memory, for checkpoints. */
  readonly bytes: (buffer: DeviceBuffer) => Uint8Array;
  readonly compile: (graph: Graph, options?: CompileOptions) => Executable;
  /** Binds each graph input to a buffer or to numbers; updated inputs must be buffers. Resolves to the outputs by name. */
  readonly run: (
    executable: Executable,
    inputs: Readonly<Record<string, DeviceBuffer | ArrayLike<number>>>,
  ) => Promise<Readonly<Record<string, HostArray>>>;
}
