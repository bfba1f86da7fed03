import { OctavoError } from '../../error.js';
import { mergedLoops, readProgram, shapeAttribute } from '../../ops/fused.js';
import { opOf } from '../../ops/registry.js';
import type { Instruction, Plan } from '../../plan/plan.js';
import type { DType } from '../../types.js';

/** The numbers by which native/kernel.h knows dtypes. */
const dtypeCodes: Readonly<Record<DType, number>> = {
  float32: 0,
  bfloat16: 1,
  float16: 2,
  int32: 3,
  uint32: 4,
  int8: 5,
  float64: -1,
};

const placeCodes = { absent: 0, slot: 1, arena: 2 } as const;

/** As native/ops/fused.cpp has it. */
const maximumLoops = 6;

/** Loops, strides and the program of a fused node, as native/ops/fused.cpp reads them. */
function fusedParameters(plan: Plan, { node }: Instruction, elementwise: readonly string[]): readonly number[] {
  const operands = node.inputs.map((id) => plan.graph.types[id].shape);
  const { sizes, strides } = mergedLoops(shapeAttribute(node.attributes), operands);
  if (sizes.length > maximumLoops)
    throw new OctavoError('GRAPH_INVALID', {
      what: `the kernel 'fused' walks at most ${maximumLoops} broadcast axes; this needs ${sizes.length}`,
      where: node.path,
      remedy: 'reshape the operands to fewer axes first',
    });
  const steps = readProgram(String(node.attributes['program']));
  const code = steps.flatMap((step) => {
    if (step.kind === 'constant') return [-1, step.value, 0, 0];
    const index = elementwise.indexOf(step.name);
    if (index < 0) throw new OctavoError('GRAPH_INVALID', { what: `the kernel 'fused' does not know ${step.name}` });
    return [index, step.from[0], step.from[1] ?? 0, step.from[2] ?? 0];
  });
  return [operands.length, sizes.length, ...sizes, ...strides.flat(), steps.length, ...code];
}

function parametersOf(plan: Plan, instruction: Instruction, elementwise: readonly string[]): readonly number[] {
  const { node } = instruction;
  if (node.kind === 'fused') return fusedParameters(plan, instruction, elementwise);
  const op = opOf(node.kind);
  const types = Object.fromEntries(
    op.inputNames.flatMap((name, i) => ((node.inputs[i] ?? -1) < 0 ? [] : [[name, plan.graph.types[node.inputs[i]]]])),
  );
  return op.parameters?.(types, node.attributes) ?? [];
}

/** Writes a plan as the flat list of numbers that the addon compiles: per instruction kernel, operands, parameters. */
export function encode(plan: Plan, kernels: readonly string[], elementwise: readonly string[]): Float64Array {
  const code: number[] = [plan.instructions.length];
  for (const instruction of plan.instructions) {
    const kernel = kernels.indexOf(instruction.kernel);
    if (kernel < 0)
      throw new OctavoError('KERNEL_MISSING', {
        what: `the native backend has no kernel for ${instruction.kernel}`,
        where: instruction.node.path,
        remedy: 'run it on the reference backend',
      });
    const parameters = parametersOf(plan, instruction, elementwise);
    code.push(kernel, instruction.operands.length);
    for (const { place, dtype, count } of instruction.operands) {
      if (dtypeCodes[dtype] < 0)
        throw new OctavoError('DTYPE_MISMATCH', {
          what: `${dtype} exists on the reference backend only`,
          where: instruction.node.path,
        });
      code.push(
        placeCodes[place.kind],
        place.kind === 'slot' ? place.slot : place.kind === 'arena' ? place.offset : 0,
        dtypeCodes[dtype],
        count,
      );
    }
    code.push(parameters.length, ...parameters);
  }
  return Float64Array.from(code);
}
