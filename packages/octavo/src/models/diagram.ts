/** A model as a drawing, read off its traced forward pass. */
import type { Graph, GraphNode } from '@octavo/engine';
import { blockOf, type Layer, type Parts } from './architecture.js';

/** What a token passes, with a word on its size. */
export interface DiagramPart {
  readonly name: string;
  readonly detail: string;
}

/** What all of a stream passes: a part, or branches that leave the stream and the part where they meet again. */
export interface DiagramStep {
  readonly branches: readonly (readonly DiagramPart[])[];
  /** Whether the stream itself goes on beside the branches, as in a residual block. */
  readonly kept: boolean;
  readonly part: DiagramPart;
}

/** Steps outside all blocks, or those of equal blocks in a row. */
export interface DiagramSection {
  /** `blocks.0…11`; empty outside blocks. */
  readonly title: string;
  readonly count: number;
  readonly steps: readonly DiagramStep[];
}

/** The way of the tokens of one input. A later stream reads what came out of an earlier one. */
export interface DiagramStream {
  readonly input: string;
  readonly sections: readonly DiagramSection[];
}

/** Nodes that only say the same in another shape or type. */
const silent: ReadonlySet<string> = new Set(['reshape', 'slice', 'cast', 'permute', 'constant', 'iota']);

const described = (graph: Graph, node: GraphNode, layer: Layer | undefined): string => {
  if (node.kind === 'attention') {
    const { heads, keyValueHeads, headWidth, causal, window } = node.attributes;
    const groups = heads === keyValueHeads ? '' : `, ${keyValueHeads} of keys and values`;
    const near = window === 0 ? '' : `, the nearest ${window}`;
    return `${heads} heads of ${headWidth}${groups}${causal === true ? ', causal' : ''}${near}`;
  }
  const read = node.inputs.flatMap((id) => graph.inputs.find(({ value }) => value === id)?.name ?? []);
  const parameters = read
    .filter((name) => name.startsWith('parameter:'))
    .map((name) => name.slice('parameter:'.length));
  // A table or matrix that is a part elsewhere.
  if (layer === undefined) return node.kind === 'embedding' ? `of ${parameters.join(', ')}` : '';
  return `${node.kind} ${layer.shape.join(' × ')}${parameters.some((path) => path.endsWith('.bias')) ? ', bias' : ''}`;
};

/** A step with the place where it was made. */
interface Placed extends DiagramStep {
  readonly path: string;
}

interface Drawing {
  readonly graph: Graph;
  readonly parts: Parts;
  readonly makers: ReadonlyMap<number, GraphNode>;
  /** Drawn already, in this or an earlier stream. */
  readonly drawn: Set<GraphNode>;
}

const placeOf = (path: string): string => {
  const block = blockOf(path);
  return block === undefined ? '' : `${block.base}${block.index}`;
};

const partOf = ({ graph, parts }: Drawing, node: GraphNode): DiagramPart => {
  const layer = parts.layerOf.get(node);
  return { name: layer?.path ?? node.kind, detail: described(graph, node, layer) };
};

/** What is made of parameters or other inputs alone and first read by this node, where it is a part of the model. */
function besideOf(drawing: Drawing, node: GraphNode): readonly GraphNode[] {
  return node.inputs.flatMap((id) => {
    const maker = drawing.makers.get(id);
    if (maker === undefined || drawing.drawn.has(maker)) return [];
    drawing.drawn.add(maker);
    const before = besideOf(drawing, maker);
    return drawing.parts.layerOf.has(maker) ? [...before, maker] : before;
  });
}

/** Nodes that do not read each other's values, as branches of their own. */
function branchesOf(drawing: Drawing, nodes: readonly GraphNode[]): readonly (readonly GraphNode[])[] {
  let branches: GraphNode[][] = [];
  for (const node of nodes) {
    const read = node.inputs.map((id) => drawing.makers.get(id));
    const own = branches.filter((branch) => branch.some((one) => read.includes(one)));
    const joined = [...own.flat(), node];
    const first = own[0];
    branches =
      own.length === 0
        ? [...branches, joined]
        : branches.flatMap((branch) => (branch === first ? [joined] : own.includes(branch) ? [] : [branch]));
  }
  return branches.map((branch) => branch.toSorted((a, b) => nodes.indexOf(a) - nodes.indexOf(b)));
}

/** Parts without weights in a row are one: `sigmoid, multiply`. */
const joined = (parts: readonly DiagramPart[]): readonly DiagramPart[] => {
  const made: DiagramPart[] = [];
  for (const part of parts) {
    const last = made.at(-1);
    if (last !== undefined && last.detail === '' && part.detail === '')
      made.splice(-1, 1, { name: `${last.name}, ${part.name}`, detail: '' });
    else made.push(part);
  }
  return made;
};

/**
 * The nodes of a stream as steps. A node that no value goes around is one that all must pass: what lies between two such
 * nodes are branches, and where a value also goes straight from one to the other the stream is kept beside them.
 */
function stepsOf(drawing: Drawing, nodes: readonly GraphNode[], first: number): readonly Placed[] {
  const at = new Map(nodes.flatMap((node, i) => node.outputs.map((id) => [id, i] as const)));
  at.set(first, -1);
  const reads = nodes.map((node) => node.inputs.flatMap((id) => at.get(id) ?? []));
  // Who reads a value last; beyond the end where it leaves the stream.
  const reach = new Map<number, number>();
  reads.forEach((from, i) => {
    for (const j of from) reach.set(j, i);
  });
  const steps: Placed[] = [];
  let [far, last] = [reach.get(-1) ?? 0, -1];
  nodes.forEach((node, i) => {
    const meets = far <= i;
    far = Math.max(far, reach.get(i) ?? nodes.length);
    if (!meets) return;
    const between = nodes.slice(last + 1, i);
    for (const one of [...between, node]) drawing.drawn.add(one);
    const outside: GraphNode[] = [];
    const withBeside = (one: GraphNode): readonly GraphNode[] => {
      const beside = besideOf(drawing, one);
      outside.push(...beside.filter(({ path }) => placeOf(path) !== placeOf(one.path)));
      return [...beside.filter((other) => !outside.includes(other)), one];
    };
    const branches = branchesOf(drawing, between).map((branch) =>
      joined(
        branch
          .flatMap(withBeside)
          .filter((one) => !silent.has(one.kind))
          .map((one) => partOf(drawing, one)),
      ),
    );
    const own = withBeside(node);
    const plain = [...outside, ...own.slice(0, -1)].map(
      (one): Placed => ({ branches: [], kept: false, part: partOf(drawing, one), path: one.path }),
    );
    const kept = branches.length > 0 && (reads[i] ?? []).includes(last);
    const [term] = plain;
    if (node.kind === 'add' && branches.length === 0 && plain.length === 1 && term !== undefined)
      steps.push({ ...term, part: { ...term.part, name: `+ ${term.part.name}` }, path: node.path });
    else {
      steps.push(...plain);
      if (branches.length > 0 || !silent.has(node.kind))
        steps.push({ branches, kept, part: partOf(drawing, node), path: node.path });
    }
    last = i;
  });
  return steps;
}

const shorter = (place: string, { name, detail }: DiagramPart): DiagramPart => ({
  name: place !== '' && name.startsWith(`${place}.`) ? name.slice(place.length + 1) : name,
  detail,
});

/** Steps by block, equal blocks in a row once. */
function sectionsOf(steps: readonly Placed[]): readonly DiagramSection[] {
  const sections: { readonly place: string; readonly steps: DiagramStep[] }[] = [];
  for (const { path, branches, kept, part } of steps) {
    const place = placeOf(path);
    const step = {
      branches: branches.map((branch) => branch.map((one) => shorter(place, one))),
      kept,
      part: shorter(place, part),
    };
    const open = sections.at(-1);
    const before = open?.steps.at(-1);
    if (open?.place !== place) sections.push({ place, steps: [step] });
    else if (step.branches.length + (before?.branches.length ?? 0) === 0 && before !== undefined)
      open.steps.splice(-1, 1, ...joined([before.part, step.part]).map((one) => ({ ...step, part: one })));
    else open.steps.push(step);
  }
  const merged: (DiagramSection & { readonly place: string })[] = [];
  for (const { place, steps: own } of sections) {
    const last = merged.at(-1);
    const [block, first] = [blockOf(place), blockOf(last?.place ?? '')];
    const same =
      block !== undefined && block.base === first?.base && JSON.stringify(own) === JSON.stringify(last?.steps);
    if (!same || last === undefined) {
      merged.push({ place, title: place, count: 1, steps: own });
      continue;
    }
    const count = last.count + 1;
    merged.splice(-1, 1, { ...last, count, title: `${first.base}${first.index}…${first.index + count - 1}` });
  }
  return merged.map(({ title, count, steps: own }) => ({ title, count, steps: own }));
}

/** Draws the streams that begin at `tokens`, inputs of the graph in the order in which they are read. */
export function diagramOf(graph: Graph, parts: Parts, tokens: readonly string[]): readonly DiagramStream[] {
  const makers = new Map<number, GraphNode>();
  for (const node of graph.nodes) for (const id of node.outputs) makers.set(id, node);
  const drawing: Drawing = { graph, parts, makers, drawn: new Set() };
  // Of each value the last token input that it depends on; −1 for what is made of none.
  const streamOf = new Map(graph.inputs.map(({ name, value }) => [value, tokens.indexOf(name)]));
  for (const node of graph.nodes) {
    const stream = Math.max(-1, ...node.inputs.map((id) => streamOf.get(id) ?? -1));
    for (const id of node.outputs) streamOf.set(id, stream);
  }
  const live = new Set(graph.outputs.map(({ value }) => value));
  for (const node of graph.nodes.toReversed())
    if (node.outputs.some((id) => live.has(id))) for (const id of node.inputs) live.add(id);
  return tokens.map((input, stream) => {
    const own = graph.nodes.filter(
      ({ outputs }) => outputs.some((id) => live.has(id)) && streamOf.get(outputs[0] ?? -1) === stream,
    );
    const first = graph.inputs.find(({ name }) => name === input)?.value ?? -1;
    return { input, sections: sectionsOf(stepsOf(drawing, own, first)) };
  });
}
