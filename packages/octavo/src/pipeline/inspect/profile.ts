import {
  type Backend,
  type DeviceBuffer,
  type MachineFacts,
  nativeBackend,
  product,
  type TensorType,
  type Work,
  workOf,
} from '@octavo/engine';
import { functionOf, initialValues, madeUp } from '../../models/index.js';
import { type GraphRequest, tracedGraph } from './graph-stages.js';

/** One instruction of a compiled step, as it ran. */
export interface ProfiledInstruction extends Work {
  readonly kernel: string;
  /** Where in the model it was made: `blocks.0.attention`, `gradient.head`; empty for updates. */
  readonly path: string;
  /** Shapes of what it reads and makes. */
  readonly shapes: string;
  /** Median over the steps, waiting for the other threads included. */
  readonly ms: number;
  /** What the machine's measured peaks allow at best: the larger of arithmetic and memory. */
  readonly rooflineMs: number;
}

export interface Profile {
  readonly instructions: readonly ProfiledInstruction[];
  /** Of a step as it is run without timing, JavaScript included. */
  readonly stepMs: number;
  readonly steps: number;
  readonly memory: { readonly arenaBytes: number; readonly scratchBytes: number; readonly inputBytes: number };
  readonly machine: MachineFacts;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Values for an input that no training made: those that the model says make sense, and what steps add. */
function fill(name: string, type: TensorType, { kind, model, sequences, length }: GraphRequest): ArrayLike<number> {
  const size = product(type.shape);
  const { inputs, longest = length } = functionOf(model);
  const spec = inputs({ sequences, length })[name];
  if (kind === 'decode') {
    // One new token of each sequence, in the middle of the context.
    if (name === 'positions' || name === 'starts') return new Int32Array(size).fill(Math.floor(longest / 2));
    if (name === 'slots' || name === 'last') return Int32Array.from({ length: size }, (_, i) => i);
  }
  if (spec !== undefined) return madeUp({ ...spec, type });
  if (name === 'rates') return Float32Array.of(1e-4, 0.1, 0.05);
  if (name === 'lossScale') return Float32Array.of(1);
  return type.dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
}

function inputsOf(
  backend: Backend,
  request: GraphRequest,
  inputs: readonly { readonly name: string; readonly type: TensorType }[],
): Readonly<Record<string, DeviceBuffer>> {
  const specs = functionOf(request.model).parameters;
  return Object.fromEntries(
    inputs.map(({ name, type }) => {
      const stream = specs.findIndex(({ path }) => name === `parameter:${path}`);
      const spec = specs[stream];
      const values = spec === undefined ? fill(name, type, request) : initialValues(spec, { seed: 1, stream });
      return [name, backend.allocate(type, values)];
    }),
  );
}

/** The least time that the machine's measured peaks allow for so much work. */
export function rooflineMs({ flops, bytes, half }: Work, machine: MachineFacts): number {
  const { peakGflops, gflops, form, readGigabytesPerSecond } = machine;
  const dots = form === 'widened' ? peakGflops.fma : peakGflops[form];
  // Without such an instruction to measure, the best product seen stands for the peak.
  const peak = (half ? dots : peakGflops.fma) || (half ? gflops.mixed : gflops.float32);
  return Math.max(flops / peak, bytes / readGigabytesPerSecond) / 1e6;
}

/** Compiles a step and runs it on made-up numbers, timing each instruction; after each step `told` hears how many are done. */
export async function profileStep(
  request: GraphRequest,
  {
    machine,
    steps,
    told,
    clock,
  }: {
    readonly machine: MachineFacts;
    readonly steps: number;
    readonly told: (done: number) => void;
    readonly clock: () => number;
  },
): Promise<Profile> {
  const backend = nativeBackend(machine);
  const executable = backend.compile(tracedGraph(request), { precision: request.precision });
  const { plan } = executable;
  const slots = plan?.slots ?? [];
  const inputs = inputsOf(backend, request, slots);
  const whole: number[] = [];
  const times: Float64Array[] = [];
  await backend.run(executable, inputs);
  for (let done = 0; done < steps; done++) {
    const startedMs = clock();
    await backend.run(executable, inputs);
    whole.push(clock() - startedMs);
    times.push(await backend.profile(executable, inputs));
    told(done + 1);
  }
  const typeText = (id: number): string => {
    const type = executable.graph.types[id];
    return type === undefined
      ? '·'
      : `${type.dtype === 'float32' ? '' : `${type.dtype} `}${type.shape.join('×') || '1'}`;
  };
  const instructions = (plan?.instructions ?? []).map((instruction, i): ProfiledInstruction => {
    const { kernel, node } = instruction;
    const work = plan === undefined ? { flops: 0, bytes: 0, half: false } : workOf(plan, instruction);
    return {
      kernel,
      path: node.path,
      shapes: `${node.inputs.slice(0, 2).map(typeText).join(', ')} → ${typeText(node.outputs[0] ?? -1)}`,
      ...work,
      ms: median(times.map((one) => one[i] ?? 0)),
      rooflineMs: rooflineMs(work, machine),
    };
  });
  return { instructions, stepMs: median(whole), steps, memory: executable.memory, machine };
}

/** Instructions that are alike, added up: by kernel, by part of the model, or by kernel and shape. */
export interface ProfileGroup {
  readonly name: string;
  readonly count: number;
  readonly ms: number;
  readonly flops: number;
  readonly bytes: number;
  readonly rooflineMs: number;
}

export function grouped(
  { instructions }: Pick<Profile, 'instructions'>,
  nameOf: (one: ProfiledInstruction) => string,
): readonly ProfileGroup[] {
  const groups = new Map<string, ProfileGroup>();
  for (const one of instructions) {
    const name = nameOf(one);
    const so = groups.get(name) ?? { name, count: 0, ms: 0, flops: 0, bytes: 0, rooflineMs: 0 };
    groups.set(name, {
      name,
      count: so.count + 1,
      ms: so.ms + one.ms,
      flops: so.flops + one.flops,
      bytes: so.bytes + one.bytes,
      rooflineMs: so.rooflineMs + one.rooflineMs,
    });
  }
  return [...groups.values()].sort((a, b) => b.ms - a.ms);
}

/** The part of the model an instruction belongs to: `blocks`, with the layer's number left out, forward or backward. */
export const partOf = ({ path }: ProfiledInstruction): string =>
  path === '' ? 'update and casts' : path.replace(/\.\d+(?=\.|$)/, '.*');

/** What is furthest above its roofline first: where work on the engine would pay. */
export const gaps = (profile: Pick<Profile, 'instructions'>): readonly ProfileGroup[] =>
  [...grouped(profile, ({ kernel, shapes }) => `${kernel}  ${shapes}`)].sort(
    (a, b) => b.ms - b.rooflineMs - (a.ms - a.rooflineMs),
  );

/**
 * One step as a trace for a flame chart: instructions below the parts of the model that made them.
 * Source of the format: Trace Event Format (Chrome's about://tracing, ui.perfetto.dev); times in microseconds.
 */
export function chromeTrace({ instructions }: Pick<Profile, 'instructions'>): object {
  const events: object[] = [];
  let at = 0;
  let open: { readonly name: string; readonly from: number }[] = [];
  const closeTo = (parts: readonly string[]): void => {
    const differs = open.findIndex(({ name }, i) => name !== parts[i]);
    const kept = differs < 0 ? open.length : differs;
    for (const { name, from } of open.slice(kept))
      events.push({ name, cat: 'part', ph: 'X', pid: 1, tid: 1, ts: from, dur: at - from });
    open = open.slice(0, kept);
  };
  for (const { kernel, path, shapes, ms, flops, bytes, rooflineMs: least } of instructions) {
    const parts = path === '' ? ['update'] : path.split(/\.(?!\d)/);
    closeTo(parts);
    for (const name of parts.slice(open.length)) open.push({ name, from: at });
    const args = { shapes, gflops: flops / ms / 1e6, gigabytesPerSecond: bytes / ms / 1e6, rooflineMs: least };
    events.push({ name: kernel, cat: 'kernel', ph: 'X', pid: 1, tid: 1, ts: at, dur: ms * 1000, args });
    at += ms * 1000;
  }
  closeTo([]);
  return { displayTimeUnit: 'ms', traceEvents: events };
}
