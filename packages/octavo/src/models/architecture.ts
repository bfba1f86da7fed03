/** A model as a list of its parts, read off its traced forward pass: what `octavo inspect model` shows before anything runs. */
import { type Graph, type GraphNode, product, productFlops } from '@octavo/engine';
import type { ParameterSpec } from './gpt-parameters.js';

/** One part: a matrix with its bias, a norm, an embedding, or a product without weights, as attention is. */
export interface Layer {
  /** Where its parameters lie, or where its node is in the graph: `blocks.0.attention.qkv`. */
  readonly path: string;
  /** The op that reads it first. */
  readonly kind: string;
  /** Of its weight, the experts first where there are some; empty where it has none. */
  readonly shape: readonly number[];
  /** Channels that it gives. */
  readonly width: number;
  /** Tied weights count where they are first. */
  readonly parameters: number;
  /** Of them, those that take part in a token: fewer where there are experts. */
  readonly active: number;
  /** Operations of its products in the whole pass. */
  readonly flops: number;
}

/** Parameters that make one part: all but `weight`, `bias` and `gain` of a path stand alone. */
interface Group {
  readonly path: string;
  readonly parameters: number;
  /** The first of the largest. */
  readonly main: ParameterSpec;
}

function groupsOf(specs: readonly ParameterSpec[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const spec of specs) {
    const path = spec.path.replace(/\.(weight|bias|gain)$/, '');
    const [size, before] = [product(spec.shape), groups.get(path)];
    const main = before !== undefined && product(before.main.shape) >= size ? before.main : spec;
    groups.set(path, { path, parameters: (before?.parameters ?? 0) + size, main });
  }
  return [...groups.values()];
}

/** The parts of a model, and which node of its graph each is. */
export interface Parts {
  /** In the order in which a token meets them. */
  readonly layers: readonly Layer[];
  readonly layerOf: ReadonlyMap<GraphNode, Layer>;
}

/**
 * A part is what the first node does that reads its largest parameter. Products of other nodes (attention, a head whose
 * matrix is the embedding) are parts of their own. Every parameter counts once.
 */
export function partsOf(graph: Graph, specs: readonly ParameterSpec[], tokens: number): Parts {
  const groups = groupsOf(specs);
  const ids = new Map(graph.inputs.map(({ name, value }) => [name, value]));
  const mains = new Map(groups.map((group) => [ids.get(`parameter:${group.main.path}`) ?? -1, group]));
  const layers: Layer[] = [];
  const [known, layerOf] = [new Set<Group>(), new Map<GraphNode, Layer>()];
  const add = (group: Group | undefined, node: GraphNode, flops: number): void => {
    // A head may be a bias of its own on a matrix that is known from before.
    const matrix = node.inputs.find((id) => mains.has(id) && (graph.types[id]?.shape.length ?? 0) > 1);
    const { shape = [] } = (flops > 0 ? graph.types[matrix ?? -1] : undefined) ?? group?.main ?? {};
    const taken = layers.some(({ path }) => path === node.path);
    const parameters = group?.parameters ?? 0;
    const layer = {
      path: group?.path ?? (taken ? `${node.path} ${node.kind}` : node.path),
      kind: node.kind,
      shape,
      width: graph.types[node.outputs[0] ?? -1]?.shape.at(-1) ?? 0,
      parameters,
      active: node.kind === 'groupedMatmul' ? flops / 2 / tokens : parameters,
      flops,
    };
    layers.push(layer);
    if (!layerOf.has(node)) layerOf.set(node, layer);
  };
  for (const node of graph.nodes) {
    const flops = productFlops(graph, node);
    const found = node.inputs.flatMap((id) => mains.get(id) ?? []).filter((group) => !known.has(group));
    if (found.length === 0 && flops > 0) add(undefined, node, flops);
    found.forEach((group, i) => {
      known.add(group);
      add(group, node, i === 0 ? flops : 0);
    });
  }
  return { layers, layerOf };
}

/** A row of a table: parts that are alike in each block stand together. */
export interface LayerGroup extends Layer {
  readonly count: number;
}

/** `blocks.3.attention` → `blocks.`, `3`, `.attention`: the first number of a path. */
export const blockOf = (
  path: string,
): { readonly base: string; readonly index: number; readonly rest: string } | undefined => {
  const [, base, index, rest = ''] = /^(.*?\w\.)(\d+)((?:\.| ).*)?$/.exec(path) ?? [];
  return base === undefined ? undefined : { base, index: Number(index), rest };
};

/** Parts that differ in the number of their block alone, as one row: `blocks.0…11.attention.qkv`, twelve times. */
export function groupedLayers(layers: readonly Layer[]): readonly LayerGroup[] {
  const rows = new Map<string, { readonly first: Layer; count: number }>();
  for (const layer of layers) {
    const block = blockOf(layer.path);
    const { path: _, ...rest } = layer;
    const key = JSON.stringify(block === undefined ? layer.path : [block.base, block.rest, rest]);
    const row = rows.get(key);
    if (row === undefined) rows.set(key, { first: layer, count: 1 });
    else row.count++;
  }
  return [...rows.values()].map(({ first, count }) => {
    const block = blockOf(first.path);
    if (block === undefined || count === 1) return { ...first, count };
    const { base, index, rest } = block;
    return { ...first, path: `${base}${index}…${index + count - 1}${rest}`, count };
  });
}
