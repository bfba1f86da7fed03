import { OctavoError } from '../../error.js';
import { fromBfloat16, fromFloat16, fromHalves, toBfloat16, toFloat16, toHalves } from '../../half.js';
import { optimise } from '../../passes/index.js';
import { type Recomputation, recompute } from '../../passes/recompute.js';
import { verify } from '../../passes/verify.js';
import { type Place, type Plan, plan } from '../../plan/plan.js';
import { isTiny } from '../../plan/work.js';
import { byteLengthOf, sizeOf, type TensorType } from '../../types.js';
import type { Backend, CompileOptions, DeviceBuffer, Executable, HostArray } from '../backend.js';
import { checkInputs, checkLength } from '../check-inputs.js';
import { type Addon, loadAddon } from './addon.js';
import { encode } from './lower.js';

interface NativeBuffer extends DeviceBuffer {
  readonly memory: ArrayBuffer;
}

interface NativeExecutable extends Executable {
  readonly program: object;
  readonly results: readonly { readonly name: string; readonly type: TensorType }[];
  /** Memory for inputs that come as numbers, by name: made on first use, given back when a run ends. */
  readonly staged: Map<string, NativeBuffer[]>;
  /** Buffers that small results are copied out of, one list a run in flight; absent where results are large. */
  readonly small: ArrayBuffer[][] | undefined;
}

/** Results of a run up to so many bytes are copied: a new ArrayBuffer costs more. */
const smallBytes = 4096;

/** How a product of 16-bit operands is computed; see native/gemm.h. */
export const forms = ['widened', 'dot', 'half'] as const;
export type Form = (typeof forms)[number];

export interface NativeOptions {
  readonly threads: number;
  readonly isa: string;
  readonly form: Form;
  /**
   * Graphs of a few microseconds run on the JavaScript thread, for handing them over costs more; unless this is false, for
   * tests that ask for so many threads.
   */
  readonly immediate?: boolean;
}

const inputBytesOf = ({ slots }: Plan): number => slots.reduce((total, { type }) => total + byteLengthOf(type), 0);

/** Copies numbers into memory of a dtype. */
function store(type: TensorType, memory: ArrayBuffer, data: ArrayLike<number>): void {
  checkLength(type, data);
  const size = sizeOf(type);
  switch (type.dtype) {
    case 'float32':
      new Float32Array(memory, 0, size).set(data);
      return;
    case 'int32':
      new Int32Array(memory, 0, size).set(data);
      return;
    case 'uint32':
      new Uint32Array(memory, 0, size).set(data);
      return;
    case 'int8':
      new Int8Array(memory, 0, size).set(data);
      return;
    case 'bfloat16':
    case 'float16': {
      const round = type.dtype === 'bfloat16' ? toBfloat16 : toFloat16;
      new Uint16Array(memory, 0, size).set(toHalves(data, round));
      return;
    }
    case 'float64':
      throw new OctavoError('DTYPE_MISMATCH', { what: 'float64 exists on the reference backend only' });
  }
}

/** Memory of a dtype as numbers: the same bytes where JavaScript has the type, else a copy. */
function view(type: TensorType, memory: ArrayBuffer): HostArray {
  const size = sizeOf(type);
  if (type.dtype === 'float32') return new Float32Array(memory, 0, size);
  if (type.dtype === 'int32' || type.dtype === 'uint32') return new Int32Array(memory, 0, size);
  if (type.dtype === 'int8') return Int32Array.from(new Int8Array(memory, 0, size));
  const widen = type.dtype === 'bfloat16' ? fromBfloat16 : fromFloat16;
  return fromHalves(new Uint16Array(memory, 0, size), widen);
}

/** Copies memory of a dtype out as numbers. */
const load = (type: TensorType, memory: ArrayBuffer): HostArray => view(type, memory).slice();

/** A result's place, as the addon takes it: whether in the arena, and where. */
const copyOf = (place: Place): readonly [number, number] =>
  place.kind === 'arena' ? [1, place.offset] : [0, place.kind === 'slot' ? place.slot : 0];

type Inputs = Readonly<Record<string, DeviceBuffer | ArrayLike<number>>>;

export interface NativeBackend extends Backend {
  readonly options: NativeOptions;
  /** `run`, and the time of each instruction of the plan (its barrier included), in their order. */
  readonly profile: (executable: Executable, inputs: Inputs) => Promise<Float64Array>;
}

/** The machine's own backend: C++ kernels over a thread pool, a whole graph in one call off the JavaScript thread. */
export function nativeBackend(options: NativeOptions, addon: Addon = loadAddon()): NativeBackend {
  const own = new WeakMap<DeviceBuffer, NativeBuffer>();
  const executables = new WeakMap<Executable, NativeExecutable>();
  const ours = (buffer: DeviceBuffer): NativeBuffer => {
    const found = own.get(buffer);
    if (found === undefined)
      throw new OctavoError('BUFFER_FOREIGN', { what: 'this buffer belongs to another backend' });
    return found;
  };
  const allocate = (type: TensorType, data?: ArrayLike<number>): NativeBuffer => {
    const buffer: NativeBuffer = { type, backend, memory: addon.allocate(Math.max(64, byteLengthOf(type))) };
    if (data !== undefined) store(type, buffer.memory, data);
    own.set(buffer, buffer);
    return buffer;
  };

  const stage = (
    executable: NativeExecutable,
    name: string,
    type: TensorType,
    data: ArrayLike<number>,
  ): NativeBuffer => {
    const buffer = executable.staged.get(name)?.pop() ?? allocate(type);
    store(type, buffer.memory, data);
    return buffer;
  };

  const submit = async (
    given: Executable,
    inputs: Inputs,
    nanoseconds?: Float64Array,
  ): Promise<Readonly<Record<string, HostArray>>> => {
    const executable = executables.get(given);
    if (executable?.plan === undefined)
      throw new OctavoError('BUFFER_FOREIGN', { what: 'this executable belongs to another backend' });
    checkInputs(executable.graph, inputs);
    const staged: (readonly [string, NativeBuffer])[] = [];
    const slots = executable.plan.slots.map(({ name, type }) => {
      const value = inputs[name];
      if ('backend' in value) return ours(value).memory;
      const buffer = stage(executable, name, type, value);
      staged.push([name, buffer]);
      return buffer.memory;
    });
    const { program, small } = executable;
    const outputs = small?.pop() ?? executable.results.map(({ type }) => new ArrayBuffer(byteLengthOf(type)));
    const running =
      nanoseconds === undefined ? addon.run(program, slots, outputs) : addon.run(program, slots, outputs, nanoseconds);
    if (running !== undefined) await running;
    for (const [name, buffer] of staged) {
      const free = executable.staged.get(name);
      if (free === undefined) executable.staged.set(name, [buffer]);
      else free.push(buffer);
    }
    const take = small === undefined ? view : load;
    const results: Record<string, HostArray> = {};
    executable.results.forEach(({ name, type }, i) => {
      results[name] = take(type, outputs[i]);
    });
    small?.push(outputs);
    return results;
  };

  const compilePlan = (planned: Plan, recomputation?: Recomputation) => {
    const results = planned.outputs.filter(({ place }) => place.kind !== 'absent');
    const immediate = options.immediate !== false && isTiny(planned);
    const compiled = addon.compile(encode(planned, addon.kernels, addon.elementwise), {
      arenaBytes: planned.arenaBytes,
      slots: planned.slots.length,
      outputs: Float64Array.from(results.flatMap(({ type, place }) => [...copyOf(place), byteLengthOf(type)])),
      threads: immediate ? 1 : options.threads,
      isa: options.isa,
      form: forms.indexOf(options.form),
      immediate: immediate ? 1 : 0,
    });
    return { planned, recomputation, results, ...compiled };
  };
  /** The plan, or one that runs parts of the forward pass again, in at most `limit` bytes. */
  const withinLimit = (whole: Plan, limit: number): ReturnType<typeof compilePlan> => {
    const compiled = compilePlan(whole);
    const fixed = inputBytesOf(whole) + compiled.scratchBytes;
    if (fixed + whole.arenaBytes <= limit) return compiled;
    const found = recompute(whole.graph, limit - fixed, (candidate) => plan(verify(candidate, 'recompute')));
    if (!found.fits) {
      const needs = fixed + found.plan.arenaBytes;
      throw new OctavoError('MEMORY_LIMIT', {
        what: `the step needs ${needs} bytes, ${needs - limit} more than the limit of ${limit}: ${inputBytesOf(whole)} of inputs and states, ${compiled.scratchBytes} of scratch and ${found.plan.arenaBytes} of intermediate values, with all recomputed that may be (${whole.arenaBytes} without)`,
        remedy: 'raise the limit, or make the batch or the model smaller',
      });
    }
    return compilePlan(found.plan, found.recomputation);
  };

  const backend: NativeBackend = {
    name: 'native',
    options,
    allocate,
    write: (buffer, data) => store(buffer.type, ours(buffer).memory, data),
    read: (buffer) => load(buffer.type, ours(buffer).memory),
    bytes: (buffer) => new Uint8Array(ours(buffer).memory, 0, byteLengthOf(buffer.type)),
    compile: (graph, { precision = 'float32', memoryLimitBytes }: CompileOptions = {}) => {
      const whole = plan(optimise(graph, precision));
      const { planned, recomputation, results, program, scratchBytes } =
        memoryLimitBytes === undefined ? compilePlan(whole) : withinLimit(whole, memoryLimitBytes);
      const inputBytes = inputBytesOf(planned);
      const executable: NativeExecutable = {
        graph: planned.graph,
        plan: planned,
        memory: { arenaBytes: planned.arenaBytes, scratchBytes, inputBytes },
        program,
        results,
        ...(recomputation === undefined ? {} : { recomputation }),
        staged: new Map(),
        small: results.reduce((sum, { type }) => sum + byteLengthOf(type), 0) <= smallBytes ? [] : undefined,
      };
      executables.set(executable, executable);
      return executable;
    },
    run: (given, inputs) => submit(given, inputs),
    profile: async (given, inputs) => {
      const nanoseconds = new Float64Array(given.plan?.instructions.length ?? 0);
      await submit(given, inputs, nanoseconds);
      return nanoseconds.map((value) => value / 1e6);
    },
  };
  return backend;
}
