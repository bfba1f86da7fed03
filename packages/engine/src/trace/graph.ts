import { showType, type TensorType } from '../types.js';

/** Index into `Graph.types`: every value is made once (SSA). */
export type ValueId = number;

export type Attribute = number | string | boolean | readonly number[];
export type Attributes = Readonly<Record<string, Attribute>>;

export interface GraphNode {
  /** Name of the op in the registry. */
  readonly kind: string;
  /** One entry an input the op declares, in its order; −1 where an optional one is absent. */
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly attributes: Attributes;
  /** Where in the model it was made: `blocks.0.attention`. */
  readonly path: string;
}

export interface GraphInput {
  readonly name: string;
  readonly value: ValueId;
}

/** An immutable program over tensors: nodes in an order in which every value is made before it is read. */
export interface Graph {
  readonly types: readonly TensorType[];
  readonly inputs: readonly GraphInput[];
  readonly nodes: readonly GraphNode[];
  /** Values handed back to the caller. */
  readonly outputs: readonly GraphInput[];
  /** Inputs whose buffer holds another value after the run: parameters, optimiser states, caches. */
  readonly updates: readonly { readonly input: ValueId; readonly value: ValueId }[];
}

const showAttribute = (value: Attribute): string => (Array.isArray(value) ? `[${value.join(' ')}]` : String(value));

/** A node on a line: `%7 = linear(%3, %5) {activation: gelu} float32[8, 64]  # blocks.0.feedForward`. */
export function printNode({ types }: Graph, node: GraphNode): string {
  const attributes = Object.entries(node.attributes).map(([name, value]) => `${name}: ${showAttribute(value)}`);
  const inputs = node.inputs.map((id) => (id < 0 ? '·' : `%${id}`)).join(', ');
  const outputs = node.outputs.map((id) => `%${id}`).join(', ');
  const made = node.outputs.map((id) => showType(types[id])).join(' ');
  const detail = attributes.length === 0 ? '' : ` {${attributes.join(', ')}}`;
  return `${outputs} = ${node.kind}(${inputs})${detail} ${made}${node.path === '' ? '' : `  # ${node.path}`}`;
}

/** A graph as text, one line an input, a node, an output, an update. */
export function print(graph: Graph): string {
  const lines = graph.inputs.map(({ name, value }) => `%${value} = input ${name} ${showType(graph.types[value])}`);
  for (const node of graph.nodes) lines.push(printNode(graph, node));
  for (const { name, value } of graph.outputs) lines.push(`output ${name} = %${value}`);
  for (const { input, value } of graph.updates) lines.push(`update %${input} ← %${value}`);
  return lines.join('\n');
}
