import { opOf } from '../ops/registry.js';
import type { GraphNode } from '../trace/graph.js';
import { bytesOf, isHalf, sizeOf } from '../types.js';
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
  groupedMatmul: ([, rows, n, k]) => 2 * rows * n * k,
  lstm: recurrence,
  lstmGradient: recurrence,
  gru: recurrence,
  gruGradient: recurrence,
  crossEntropy: ([tokens, width, vocabulary]) => 2 * tokens * width * vocabulary,
  crossEntropyGradient: ([tokens, width, vocabulary]) => 6 * tokens * width * vocabulary,
  crossEntropyTraining: ([tokens, width, vocabulary]) => 6 * tokens * width * vocabulary,
};

// B batch, T time, H heads, W head width: two products of T²/2 pairs forward, five backward
const attentionProducts: Readonly<Record<string, number>> = { attention: 2, attentionGradient: 5 };

function attentionFlops(node: GraphNode, shape: readonly number[], products: number): number {
  const [batch = 1, time = 1] = shape;
  const width = Number(node.attributes['heads']) * Number(node.attributes['headWidth']);
  return products * batch * width * time * (time + 1);
}

/** Ops that read a few rows of an operand: what is touched is the size of the result. */
const lookups: ReadonlySet<string> = new Set(['embedding', 'gather', 'cachedAttention']);

export function workOf({ graph }: Plan, { node, operands }: Instruction): Work {
  const op = opOf(node.kind);
  const types = Object.fromEntries(
    op.inputNames.flatMap((name, i) => ((node.inputs[i] ?? -1) < 0 ? [] : [[name, graph.types[node.inputs[i]]]])),
  );
  const result = graph.types[node.outputs[0]];
  const products = attentionProducts[node.kind];
  const count = flops[node.kind];
  return {
    flops:
      products !== undefined
        ? attentionFlops(node, graph.types[node.inputs[0]].shape, products)
        : (count?.(op.parameters?.(types, node.attributes) ?? []) ?? 0),
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
