import { opOf } from '../ops/registry.js';
import type { Graph, GraphNode } from '../trace/graph.js';
import { bytesOf, isHalf, product, sizeOf, type TensorType } from '../types.js';
import type { Instruction, Plan } from './plan.js';

/** What an instruction has to do at least: arithmetic, and bytes that it reads and writes once each. */
export interface Work {
  /** Of products; 0 for an op that is bound by memory alone. */
  readonly flops: number;
  readonly bytes: number;
  /** Whether the products are of 16-bit operands. */
  readonly half: boolean;
}

// The product of the state with the weight, at every step.
const recurrence = ([batch, time, units, width]: readonly number[]): number => 2 * batch * time * units * width;

/** Floating-point operations by an op's own parameters, as its kernel reads them. */
const flops: Readonly<Record<string, (parameters: readonly number[]) => number>> = {
  matmul: ([batch, m, n, k]) => 2 * batch * m * n * k,
  linear: ([rows, n, k]) => 2 * rows * n * k,
  quantisedLinear: ([rows, n, k]) => 2 * rows * n * k,
  groupedMatmul: ([, rows, n, k]) => 2 * rows * n * k,
  groupedWeightGradient: ([, rows, m, n]) => 2 * rows * m * n,
  lstm: recurrence,
  lstmGradient: recurrence,
  gru: recurrence,
  gruGradient: recurrence,
  crossEntropy: ([tokens, width, vocabulary]) => 2 * tokens * width * vocabulary,
  crossEntropyGradient: ([tokens, width, vocabulary]) => 6 * tokens * width * vocabulary,
  crossEntropyTraining: ([tokens, width, vocabulary]) => 6 * tokens * width * vocabulary,
};

type Types = Readonly<Record<string, TensorType>>;

/** Of so many products of the pairs that masks leave; `starts` and `ends` are not known before a run and count as open. */
const attentionFlops =
  (products: number) =>
  ({ qkv, memory }: Types, { attributes }: GraphNode): number => {
    const [batch, time] = qkv.shape;
    const keys = memory === undefined ? time : memory.shape[1];
    const reach = Number(attributes['window']) || keys + time;
    const ahead = attributes['causal'] === true ? 1 : reach;
    let pairs = 0;
    for (let at = keys - time; at < keys; at++)
      pairs += Math.max(0, Math.min(keys, at + ahead) - Math.max(0, at - reach + 1));
    return products * 2 * batch * pairs * Number(attributes['heads']) * Number(attributes['headWidth']);
  };

/** The same by shapes, where parameters do not say it. */
const flopsByShape: Readonly<Record<string, (types: Types, node: GraphNode, made: TensorType) => number>> = {
  attention: attentionFlops(2),
  attentionGradient: attentionFlops(5),
  convolution: ({ weight }, _, made) => 2 * sizeOf(made) * product(weight.shape.slice(1)),
  // Its weight is turned, [C, .., F/G]: an element of dy meets all taps of C/G channels.
  convolutionInputGradient: ({ dy, weight }) => (2 * sizeOf(dy) * sizeOf(weight)) / product(dy.shape.slice(-1)),
  convolutionWeightGradient: ({ dy }, _, made) => 2 * sizeOf(dy) * product(made.shape.slice(1)),
};

/** Ops that read a few rows of an operand: what is touched is the size of the result. */
const lookups: ReadonlySet<string> = new Set(['embedding', 'gather', 'cachedAttention']);

function typesOf(graph: Graph, { kind, inputs }: GraphNode): Types {
  const { inputNames } = opOf(kind);
  return Object.fromEntries(
    inputNames.flatMap((name, i) => ((inputs[i] ?? -1) < 0 ? [] : [[name, graph.types[inputs[i]]]])),
  );
}

/** Floating-point operations of a node's products, whatever runs it; 0 where it has none. */
export function productFlops(graph: Graph, node: GraphNode): number {
  const types = typesOf(graph, node);
  const byShape = flopsByShape[node.kind]?.(types, node, graph.types[node.outputs[0]]);
  return byShape ?? flops[node.kind]?.(opOf(node.kind).parameters?.(types, node.attributes) ?? []) ?? 0;
}

export function workOf({ graph }: Plan, { node, operands }: Instruction): Work {
  const result = graph.types[node.outputs[0]];
  return {
    flops: productFlops(graph, node),
    bytes: lookups.has(node.kind)
      ? 2 * sizeOf(result) * bytesOf(result.dtype)
      : operands.reduce(
          (sum, { place, dtype, count: n }) => sum + (place.kind === 'absent' ? 0 : n * bytesOf(dtype)),
          0,
        ),
    half: node.inputs.length > 0 && node.inputs[0] >= 0 && isHalf(graph.types[node.inputs[0]].dtype),
  };
}

/** Kernels whose time their bytes bound, a few steps an element. */
const streaming: ReadonlySet<string> = new Set([
  'embedding',
  'gather',
  'fused',
  'sum',
  'slice',
  'permute',
  'concatenate',
  'softmax',
  'rmsNorm',
  'layerNorm',
]);
const [tinyFlops, tinyBytes, tinyInstructions] = [2 ** 18, 2 ** 15, 16];

/** Whether one thread runs a plan in some microseconds: less than handing it to others takes. */
export function isTiny(plan: Plan): boolean {
  if (plan.instructions.length > tinyInstructions) return false;
  let [flops, bytes] = [0, 0];
  for (const instruction of plan.instructions) {
    const work = workOf(plan, instruction);
    if (work.flops === 0 && !streaming.has(instruction.kernel)) return false;
    flops += work.flops;
    bytes += work.bytes;
  }
  return flops <= tinyFlops && bytes <= tinyBytes;
}
