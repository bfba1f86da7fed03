import { type Backend, byteLengthOf, type Executable, type Precision } from '@octavo/engine';
import { accumulationGraph, applicationGraph, type StepShape, trainingGraph } from './step-graphs.js';

export interface StepOptions {
  readonly backend: Backend;
  readonly precision: Precision;
  readonly shape: StepShape;
  readonly microBatches: number;
  /** Of all that a step takes: weights, states, batch, intermediate values, scratch. */
  readonly memoryLimitBytes?: number | undefined;
}

/** Bytes of a step, known exactly before it runs. */
export interface StepMemory {
  readonly weightsBytes: number;
  /** States of the optimiser, and averages of weights. */
  readonly optimiserBytes: number;
  /** Sums of gradients over micro-batches; the gradients of one pass are among the intermediate values. */
  readonly gradientsBytes: number;
  readonly batchBytes: number;
  /** Arenas: intermediate values, laid out by the plan. */
  readonly arenaBytes: number;
  readonly scratchBytes: number;
  readonly totalBytes: number;
  /** Operations that the limit adds to a step. */
  readonly recomputedFlops: number;
}

/** One graph, or one that is run for each micro-batch and one that applies what they summed. */
export interface CompiledStep {
  readonly main: Executable;
  readonly apply: Executable | undefined;
  readonly memory: StepMemory;
}

const ownBytes = ({ memory }: Executable): number => memory.arenaBytes + memory.scratchBytes;

/** Bytes of the inputs of both graphs, each name once. */
const inputsOf = (executables: readonly (Executable | undefined)[]): ReadonlyMap<string, number> =>
  new Map(
    executables.flatMap((executable) =>
      (executable?.graph.inputs ?? []).flatMap(({ name, value }) => {
        const type = executable?.graph.types[value];
        return type === undefined ? [] : [[name, byteLengthOf(type)] as const];
      }),
    ),
  );

function memoryOf(main: Executable, apply: Executable | undefined, microBatches: number): StepMemory {
  const parts = { parameter: 0, gradient: 0, state: 0, batch: 0 };
  for (const [name, bytes] of inputsOf([main, apply])) {
    const kind = name.includes(':') && !name.startsWith('rates:') ? name.slice(0, name.indexOf(':')) : 'batch';
    parts[kind === 'parameter' || kind === 'gradient' || kind === 'batch' ? kind : 'state'] += bytes;
  }
  const arenaBytes = main.memory.arenaBytes + (apply?.memory.arenaBytes ?? 0);
  const scratchBytes = main.memory.scratchBytes + (apply?.memory.scratchBytes ?? 0);
  return {
    weightsBytes: parts.parameter,
    optimiserBytes: parts.state,
    gradientsBytes: parts.gradient,
    batchBytes: parts.batch,
    arenaBytes,
    scratchBytes,
    totalBytes: parts.parameter + parts.state + parts.gradient + parts.batch + arenaBytes + scratchBytes,
    recomputedFlops: microBatches * (main.recomputation?.flops ?? 0),
  };
}

/** Compiles a step, within its limit. Errors: MEMORY_LIMIT, and those of the backend. */
export function compileStep({ backend, precision, shape, microBatches, memoryLimitBytes }: StepOptions): CompiledStep {
  if (microBatches === 1) {
    const limit = memoryLimitBytes === undefined ? {} : { memoryLimitBytes };
    const main = backend.compile(trainingGraph(shape), { precision, ...limit });
    return { main, apply: undefined, memory: memoryOf(main, undefined, 1) };
  }
  const apply = backend.compile(applicationGraph(shape), { precision });
  const graph = accumulationGraph(shape);
  let main = backend.compile(graph, { precision });
  if (memoryLimitBytes !== undefined) {
    // What the second graph holds beside the inputs of the first is not the first's to use.
    const all = [...inputsOf([main, apply]).values()].reduce((a, b) => a + b, 0);
    const elsewhere = all - main.memory.inputBytes + ownBytes(apply);
    if (all + ownBytes(main) + ownBytes(apply) > memoryLimitBytes)
      main = backend.compile(graph, { precision, memoryLimitBytes: memoryLimitBytes - elsewhere });
  }
  return { main, apply, memory: memoryOf(main, apply, microBatches) };
}
