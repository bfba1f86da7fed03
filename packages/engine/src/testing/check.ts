import fc from 'fast-check';
import type { Backend, HostArray } from '../backends/backend.js';
import { interpret, referenceBackend } from '../backends/reference/reference.js';
import { gradient } from '../gradient/gradient.js';
import { add } from '../ops/add.js';
import { constant } from '../ops/constant.js';
import { multiply } from '../ops/multiply.js';
import { sum } from '../ops/sum.js';
import type { Precision } from '../passes/index.js';
import type { Graph } from '../trace/graph.js';
import { input, type Tensor, trace } from '../trace/trace.js';
import { isFloat } from '../types.js';
import { isas, mixedForms, native } from './backends.js';
import { expectClose, expectSameBits, tolerance } from './close.js';
import { draw, type Specs, typeOf, type Values } from './draw.js';

export type Tensors = Readonly<Record<string, Tensor>>;
/** What a test does with its inputs: outputs by name. */
export type Body = (inputs: Tensors) => Tensors;
export type Results = Readonly<Record<string, HostArray>>;

const threadCounts = [2, 3, 7];

/** How often a property is tried: fewer times under OCTAVO_TEST_RUNS, as the sanitizers ask. */
export const runs = (many: number): number =>
  Math.max(1, Math.min(many, Number(process.env['OCTAVO_TEST_RUNS'] ?? many)));

const declare =
  (specs: Specs, double: boolean) =>
  (t: Parameters<typeof input>[0]): Tensors =>
    Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => {
        const type = typeOf(spec);
        return [
          name,
          input(t, name, { shape: type.shape, dtype: double && isFloat(type.dtype) ? 'float64' : type.dtype }),
        ];
      }),
    );

/** The graph of `body`. */
export const graphOf = (specs: Specs, body: Body): Graph => trace((t) => ({ outputs: body(declare(specs, false)(t)) }));

const weightsOf = (specs: Specs, body: Body): Specs => {
  const graph = graphOf(specs, body);
  return Object.fromEntries(
    graph.outputs.map(({ name, value }) => [`weight.${name}`, { shape: graph.types[value].shape }]),
  );
};

/** Σ over all outputs of weights ⊙ output: a scalar whose gradient has no symmetry to hide behind. */
function weighted(outputs: Tensors, inputs: Tensors): Tensor {
  const terms = Object.entries(outputs).map(([name, value]) => sum(multiply(inputs[`weight.${name}`], value)));
  return terms.reduce((total, term) => add(total, term));
}

/** Outputs of `body`, and the gradients of their weighted sum as `d.<input>`, for inputs and `weight.<output>`. */
function graphWithGradients(specs: Specs, weights: Specs, body: Body, double: boolean): Graph {
  return trace((t) => {
    const inputs = declare({ ...specs, ...weights }, double)(t);
    const outputs = body(Object.fromEntries(Object.keys(specs).map((name) => [name, inputs[name]])));
    const wanted = Object.keys(specs).filter((name) => isFloat(typeOf(specs[name]).dtype));
    const loss = weighted(outputs, inputs);
    const seed = constant(t, { value: 1, shape: [], dtype: loss.dtype });
    const found = gradient(
      loss,
      wanted.map((name) => inputs[name]),
      seed,
    );
    const gradients = wanted.flatMap((name, i) => (found[i] === undefined ? [] : [[`d.${name}`, found[i]] as const]));
    const made = { ...outputs, ...Object.fromEntries(gradients) };
    // The loss itself may be small by cancellation: only the differences look at it, in float64.
    return { outputs: double ? { ...made, loss } : made };
  });
}

export const evaluate = (
  backend: Backend,
  graph: Graph,
  values: Values,
  precision: Precision = 'float32',
): Promise<Results> => backend.run(backend.compile(graph, { precision }), values);

/**
 * Holds the gradient rules of `body` to central differences in float64, element by element.
 * The error allowed is 1e-6, relative to the largest element of a gradient.
 */
export function checkGradient(specs: Specs, body: Body, seed = 1): void {
  const weights = weightsOf(specs, body);
  const graph = graphWithGradients(specs, weights, body, true);
  const given = draw({ ...specs, ...weights }, seed);
  const all: Specs = { ...specs, ...weights };
  const at = (values: Values): ReadonlyMap<string, Float64Array> => {
    const dense = new Map(Object.entries(values).map(([name, data]) => [name, { shape: all[name].shape, data }]));
    const made = interpret(graph, dense);
    return new Map(graph.outputs.map(({ name, value }) => [name, made.get(value)?.data ?? new Float64Array()]));
  };
  const exact = at(given);
  const step = 2 ** -17;
  const checked = [...exact.keys()].filter((name) => name.startsWith('d.'));
  if (checked.length === 0) throw new Error('a gradient check with nothing to check');
  for (const name of checked) {
    const source = name.slice(2);
    const differences = given[source].map((value, i) => {
      const moved = (by: number): number =>
        (at({ ...given, [source]: Float64Array.from(given[source]).fill(value + by, i, i + 1) }).get('loss') ?? [])[0];
      // Fourth order, so that the step may be long enough for rounding not to matter.
      return (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step);
    });
    expectClose(exact.get(name) ?? [], differences, 1e-6, name);
  }
}

export interface OpCheck {
  readonly specs: Specs;
  readonly body: Body;
  /** Also what the gradient rules compute; true unless said otherwise. */
  readonly gradients?: boolean;
  /** Also with 16-bit activations; true unless said otherwise. */
  readonly mixed?: boolean;
  /** For kernels that are allowed more, or less: a factor on `tolerance`. */
  readonly factor?: number;
  /** Overwrites some drawn values: NaN, infinities. */
  readonly poison?: (values: Record<string, Float64Array>) => void;
}

/**
 * Runs `body` on every instruction set: close to the reference interpreter, and the same bits on 1, 2, 3 and 7 threads;
 * then in every form of mixed precision, close to the reference within the wider tolerance of its dtype.
 * `turn` picks one instruction set for the thread counts and one form, for a property that tries many shapes.
 */
export async function checkKernels(
  { specs, body, gradients = true, mixed = true, factor = 1, poison }: OpCheck,
  seed = 1,
  turn?: number,
): Promise<void> {
  const weights = gradients ? weightsOf(specs, body) : {};
  const graph = gradients ? graphWithGradients(specs, weights, body, false) : graphOf(specs, body);
  const values = draw({ ...specs, ...weights }, seed);
  poison?.(values);
  const expected = await evaluate(referenceBackend(), graph, values);
  const single = (data: HostArray): HostArray => (data instanceof Float64Array ? Float32Array.from(data) : data);
  const chosen = <T>(all: readonly T[]): readonly T[] => (turn === undefined ? all : [all[turn % all.length]]);
  for (const isa of isas()) {
    const first = await evaluate(native(isa, 1), graph, values);
    for (const [name, data] of Object.entries(first))
      expectClose(data, single(expected[name]), factor * tolerance.float32, `${isa} ${name}`);
    if (!chosen(isas()).includes(isa)) continue;
    for (const threads of threadCounts)
      for (const [name, data] of Object.entries(await evaluate(native(isa, threads), graph, values)))
        expectSameBits(data, first[name], `${isa} ${name} on ${threads} threads`);
  }
  if (!mixed) return;
  for (const { isa, form, precision } of chosen(mixedForms())) {
    const one = await evaluate(native(isa, 1, form), graph, values, precision);
    const three = await evaluate(native(isa, 3, form), graph, values, precision);
    for (const [name, data] of Object.entries(one)) {
      const what = `${isa} ${form} ${name}`;
      expectClose(data, single(expected[name]), factor * tolerance[precision], what);
      expectSameBits(three[name], data, `${what} on 3 threads`);
    }
  }
}

/** `checkKernels` over drawn shapes, taking turns over instruction sets and forms. */
export function checkShapes<S>(shapes: fc.Arbitrary<S>, check: (shape: S) => OpCheck, many = 12): Promise<void> {
  let turn = 0;
  const property = fc.asyncProperty(shapes, fc.integer({ min: 1, max: 1 << 30 }), (shape, seed) =>
    checkKernels(check(shape), seed, turn++),
  );
  return fc.assert(property, { numRuns: runs(many), seed: 20260101 });
}

/** Sizes that find edges: nothing, one, odd, a vector and its neighbours, more than a strip or a block. */
export const size = (largest = 70, smallest = 0): fc.Arbitrary<number> =>
  fc.oneof(
    fc.constantFrom(...[0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 65].filter((n) => n >= smallest && n <= largest)),
    fc.integer({ min: smallest, max: largest }),
  );
