import { OctavoError } from '../error.js';
import { writtenOver } from '../ops/in-place.js';
import { opOf } from '../ops/registry.js';
import type { Graph, GraphNode, ValueId } from '../trace/graph.js';
import { byteLengthOf, type DType, sameShape, sizeOf, type TensorType } from '../types.js';
import { type Block, placeBlocks } from './place.js';

/** Where a kernel finds an operand: in a buffer of the caller, in the arena, or nowhere (optional, or a result nobody reads). */
export type Place =
  | { readonly kind: 'slot'; readonly slot: number }
  | { readonly kind: 'arena'; readonly offset: number }
  | { readonly kind: 'absent' };

export interface Operand {
  readonly place: Place;
  readonly dtype: DType;
  readonly count: number;
}

export interface Instruction {
  readonly kernel: string;
  readonly node: GraphNode;
  readonly operands: readonly Operand[];
}

/** One value of the arena, for the memory map: alive from instruction `from` through `to`. */
export interface ArenaBlock extends Block {
  readonly path: string;
  readonly kind: string;
  readonly offset: number;
}

export interface Plan {
  readonly graph: Graph;
  /** One a graph input, in their order: the caller's buffers. */
  readonly slots: readonly { readonly name: string; readonly type: TensorType }[];
  readonly instructions: readonly Instruction[];
  readonly outputs: readonly { readonly name: string; readonly type: TensorType; readonly place: Place }[];
  readonly arenaBytes: number;
  readonly arena: readonly ArenaBlock[];
}

type Home = { readonly kind: 'slot'; readonly slot: number } | { readonly kind: 'block'; readonly block: number };

const sameHome = (a: Home, b: Home): boolean =>
  a.kind === 'slot' ? b.kind === 'slot' && a.slot === b.slot : b.kind === 'block' && a.block === b.block;

/** Lays a graph out in memory: who shares whose bytes, and at which offset of one arena everything else lives. */
export function plan(graph: Graph): Plan {
  const homes = new Map<ValueId, Home>(graph.inputs.map(({ value }, slot) => [value, { kind: 'slot', slot }]));
  const lastRead = new Map<ValueId, number>();
  const end = graph.nodes.length;
  graph.nodes.forEach((node, position) => {
    for (const id of node.inputs) lastRead.set(id, position);
  });
  for (const { value } of graph.outputs) lastRead.set(value, end);
  for (const { value } of graph.updates) lastRead.set(value, end);
  // A reshape is another name for the same bytes: they live as long as either name is read.
  for (const node of graph.nodes.toReversed())
    if (node.kind === 'reshape')
      lastRead.set(node.inputs[0], Math.max(lastRead.get(node.inputs[0]) ?? 0, lastRead.get(node.outputs[0]) ?? 0));

  const slotOf = new Map(graph.inputs.map(({ value }, slot) => [value, slot]));
  const updated = new Map(graph.updates.map(({ input, value }) => [value, input]));
  const updatedSlots = new Set(graph.updates.map(({ input }) => slotOf.get(input)));
  const blocks: { bytes: number; from: number; to: number; path: string; kind: string }[] = [];
  /** Last position at which a home is read, over all values that live there. */
  const busyUntil = (home: Home, id: ValueId): number =>
    home.kind === 'slot' ? (lastRead.get(id) ?? -1) : Math.max(blocks[home.block].to, lastRead.get(id) ?? -1);

  const livesIn = (slot: number | undefined, id: ValueId): boolean => {
    const home = homes.get(id);
    return home?.kind === 'slot' && home.slot === slot;
  };

  const settle = (node: GraphNode, position: number, index: number): Home | undefined => {
    const id = node.outputs[index];
    const op = opOf(node.kind);
    if (node.kind === 'reshape') return homes.get(node.inputs[0]);
    const source = writtenOver(node).get(index);
    if (source !== undefined) {
      const home = homes.get(source);
      if (home?.kind === 'slot' && !updatedSlots.has(home.slot))
        throw new OctavoError('GRAPH_INVALID', {
          what: `${node.kind} writes over the input ${graph.inputs[home.slot].name}, which is not declared as updated`,
          where: node.path,
        });
      if ((lastRead.get(source) ?? 0) > position)
        throw new OctavoError('GRAPH_INVALID', {
          what: `${node.kind} writes over a value that is read afterwards`,
          where: node.path,
        });
      const others = op.outputs.slice(0, index).flatMap((_, i) => homes.get(node.outputs[i]) ?? []);
      if (home !== undefined && others.some((other) => sameHome(other, home)))
        throw new OctavoError('GRAPH_INVALID', {
          what: `${node.kind} writes two results over one value`,
          where: node.path,
        });
      if (home?.kind === 'block') blocks[home.block].to = Math.max(blocks[home.block].to, lastRead.get(id) ?? position);
      return home;
    }
    // Kernels may leave out every result that nobody reads but the first.
    const reads = lastRead.get(id) ?? (index === 0 ? position : undefined);
    if (reads === undefined) return undefined;
    const type = graph.types[id];
    // May it be written straight into the buffer that it updates?
    const target = updated.get(id);
    if (target !== undefined) {
      const slot = slotOf.get(target);
      const readHere = node.inputs.some((source) => livesIn(slot, source));
      const elementByElement = node.kind === 'fused' && sameShape(graph.types[target].shape, type.shape);
      if (slot !== undefined && (lastRead.get(target) ?? -1) <= position && (!readHere || elementByElement))
        return { kind: 'slot', slot };
    }
    // May it replace an operand that ends here?
    if (node.kind === 'fused')
      for (const source of node.inputs) {
        const home = homes.get(source);
        const other = graph.types[source];
        if (
          home?.kind === 'block' &&
          busyUntil(home, source) === position &&
          other.dtype === type.dtype &&
          sameShape(other.shape, type.shape)
        ) {
          blocks[home.block].to = Math.max(position, reads);
          return home;
        }
      }
    blocks.push({
      bytes: byteLengthOf(type),
      from: position,
      to: Math.max(position, reads),
      path: node.path,
      kind: node.kind,
    });
    return { kind: 'block', block: blocks.length - 1 };
  };

  graph.nodes.forEach((node, position) => {
    node.outputs.forEach((id, index) => {
      const home = settle(node, position, index);
      if (home !== undefined) homes.set(id, home);
    });
  });

  // An input that leaves, or updates another, and is itself updated: its old value is kept before anything is copied over it.
  const kept = new Map<ValueId, number>();
  const keep = (id: ValueId): void => {
    const home = homes.get(id);
    if (home?.kind !== 'slot' || !updatedSlots.has(home.slot) || kept.has(id)) return;
    if (graph.updates.some(({ input, value }) => slotOf.get(input) === home.slot && livesIn(home.slot, value))) return;
    blocks.push({ bytes: byteLengthOf(graph.types[id]), from: end, to: end, path: 'update', kind: 'fused' });
    kept.set(id, blocks.length - 1);
  };
  for (const { value } of [...graph.outputs, ...graph.updates]) keep(value);

  const { offsets, bytes } = placeBlocks(blocks);
  const placeOf = (id: ValueId): Place => {
    const home = homes.get(id);
    if (home === undefined) return { kind: 'absent' };
    return home.kind === 'slot' ? home : { kind: 'arena', offset: offsets[home.block] };
  };
  const operand = (id: ValueId): Operand =>
    id < 0
      ? { place: { kind: 'absent' }, dtype: 'float32', count: 0 }
      : { place: placeOf(id), dtype: graph.types[id].dtype, count: sizeOf(graph.types[id]) };
  const instructions: Instruction[] = graph.nodes
    .filter((node) => node.kind !== 'reshape')
    .map((node) => ({
      kernel: node.kind,
      node,
      operands: [
        ...opOf(node.kind).inputNames.map((_, i) => operand(node.inputs[i] ?? -1)),
        ...node.outputs.map(operand),
      ],
    }));
  const copy = (value: ValueId, input: ValueId, from: Place, to: Place): void => {
    const { shape, dtype } = graph.types[value];
    const attributes = { program: 'cast 0', shape, dtype };
    const node: GraphNode = { kind: 'fused', inputs: [value], outputs: [input], attributes, path: 'update' };
    const absent = Array.from({ length: opOf('fused').inputNames.length - 1 }, () => operand(-1));
    const operands = [{ ...operand(value), place: from }, ...absent, { ...operand(value), place: to }];
    instructions.push({ kernel: 'fused', node, operands });
  };
  const keptPlace = (value: ValueId): Place => {
    const block = kept.get(value);
    return block === undefined ? placeOf(value) : { kind: 'arena', offset: offsets[block] };
  };
  for (const value of kept.keys()) copy(value, value, placeOf(value), keptPlace(value));
  for (const { input, value } of graph.updates) {
    const slot = slotOf.get(input) ?? -1;
    if (!livesIn(slot, value)) copy(value, input, keptPlace(value), { kind: 'slot', slot });
  }
  return {
    graph,
    slots: graph.inputs.map(({ name, value }) => ({ name, type: graph.types[value] })),
    instructions,
    outputs: graph.outputs.map(({ name, value }) => ({ name, type: graph.types[value], place: keptPlace(value) })),
    arenaBytes: bytes,
    arena: blocks.map((block, i) => ({ ...block, offset: offsets[i] })),
  };
}
