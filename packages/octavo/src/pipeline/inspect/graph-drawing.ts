import { type Graph, type GraphNode, printNode } from '@octavo/engine';
import { type Html, html, nothing } from '../report/html.js';
import { groupOfBlock, memoryGroups } from '../report/memory-map.js';

const [pageWidth, margin, rowHeight, letter] = [940, 14, 40, 7.4];
/** A scope with more nodes than this is drawn by kind: `multiply × 96`. */
const mostNodes = 48;

/** What is drawn as one box: a node, or all of a kind in a crowded scope. */
interface Box {
  readonly text: string;
  readonly nodes: readonly GraphNode[];
  /** The ops inside a fused node. */
  readonly chips: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

const chipsOf = ({ kind, attributes }: GraphNode): readonly string[] => {
  if (kind === 'fused')
    return String(attributes['program'])
      .split('; ')
      .map((line) => line.split(' ')[0] ?? '')
      .filter((name) => name !== 'constant');
  const { activation } = attributes;
  return kind === 'linear' && typeof activation === 'string' && activation !== 'none' ? [activation] : [];
};

const counted = (names: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name}×${count}`)).join(' ');
};

/** Nodes by scope, scopes in the order in which they come. */
export const nodesByScope = (graph: Graph): ReadonlyMap<string, readonly GraphNode[]> => {
  const scopes = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    const list = scopes.get(node.path);
    if (list === undefined) scopes.set(node.path, [node]);
    else list.push(node);
  }
  return scopes;
};

const boxesOf = (nodes: readonly GraphNode[]): readonly (readonly GraphNode[])[] => {
  if (nodes.length <= mostNodes) return nodes.map((node) => [node]);
  const kinds = new Map<string, GraphNode[]>();
  for (const node of nodes) kinds.set(node.kind, [...(kinds.get(node.kind) ?? []), node]);
  return [...kinds.values()];
};

const lay = (nodes: readonly GraphNode[], top: number): readonly Box[] => {
  let [x, y] = [margin, top];
  return boxesOf(nodes).map((group): Box => {
    const [first] = group;
    const text = `${first?.kind ?? ''}${group.length === 1 ? '' : ` × ${group.length}`}`;
    const chips = group.length === 1 && first !== undefined ? chipsOf(first) : [];
    const width = Math.min(
      pageWidth - 2 * margin,
      22 + letter * Math.max(text.length, Math.min(70, counted(chips).length)),
    );
    if (x + width > pageWidth - margin) [x, y] = [margin, y + rowHeight + 10];
    const box = { text, nodes: group, chips, x, y, width };
    x += width + 12;
    return box;
  });
};

const boxHtml = (graph: Graph, { text, nodes, chips, x, y, width }: Box): Html => {
  const [first] = nodes;
  if (first === undefined) return nothing;
  const group = memoryGroups.indexOf(groupOfBlock(first));
  const inner = counted(chips);
  const title = nodes.length === 1 ? printNode(graph, first) : text;
  const fused = chips.length > 0;
  return html`<g><title>${title}</title><rect class="node ${fused ? 'fused' : ''}" x="${x.toFixed(0)}" y="${y}" width="${width.toFixed(0)}" height="${rowHeight - 4}" rx="4"/><rect class="group-${group}" x="${x.toFixed(0)}" y="${y}" width="5" height="${rowHeight - 4}" rx="2"/><text class="node-name" x="${(x + 12).toFixed(0)}" y="${y + (fused ? 15 : 22)}">${text}</text>${fused ? html`<text class="node-chips" x="${(x + 12).toFixed(0)}" y="${y + 29}">${inner.length > 72 ? `${inner.slice(0, 70)}…` : inner}</text>` : nothing}</g>`;
};

const wires = (boxes: readonly Box[]): Html => {
  const makers = new Map<number, Box>();
  for (const box of boxes) for (const node of box.nodes) for (const id of node.outputs) makers.set(id, box);
  const seen = new Set<string>();
  let path = '';
  for (const to of boxes)
    for (const node of to.nodes)
      for (const id of node.inputs) {
        const from = makers.get(id);
        // Boxes of many nodes would be tied to everything.
        if (from === undefined || from === to || from.nodes.length > 1 || to.nodes.length > 1) continue;
        if (from.text === 'constant') continue;
        const [x1, y1, x2, y2] = [from.x + from.width / 2, from.y + rowHeight - 4, to.x + to.width / 2, to.y];
        const line =
          from.y === to.y
            ? `M${(from.x + from.width).toFixed(0)} ${from.y + 18}L${to.x.toFixed(0)} ${to.y + 18}`
            : `M${x1.toFixed(0)} ${y1}C${x1.toFixed(0)} ${y1 + 24} ${x2.toFixed(0)} ${y2 - 24} ${x2.toFixed(0)} ${y2}`;
        if (seen.has(line)) continue;
        seen.add(line);
        path += line;
      }
  return html`<path class="graph-wire" d="${path}"/>`;
};

/** A graph by scope, from the top: boxes are nodes, dashed ones hold fused ops, lines are values. */
export const graphDrawing = (graph: Graph, name: string): Html => {
  let y = 0;
  const boxes: Box[] = [];
  const bands: Html[] = [];
  for (const [scope, nodes] of nodesByScope(graph)) {
    const laid = lay(nodes, y + 26);
    const bottom = Math.max(y, ...laid.map((box) => box.y)) + rowHeight + 4;
    bands.push(
      html`<rect class="band" x="0" y="${y + 2}" width="${pageWidth}" height="${bottom - y - 4}" rx="6"/><text class="band-name" x="${margin}" y="${y + 18}">${scope === '' ? '(outside all scopes)' : scope}</text>`,
    );
    boxes.push(...laid);
    y = bottom;
  }
  const label = `${name}: ${graph.nodes.length} nodes in ${bands.length} scopes.`;
  return html`<figure class="graph"><svg viewBox="0 0 ${pageWidth} ${y}" role="img" aria-label="${label}">${bands}${wires(boxes)}${boxes.map((box) => boxHtml(graph, box))}</svg><figcaption class="fine">Each band is a scope, each box a node; a dashed box holds the ops that were fused into it. Point at one for its line. A scope of more than ${mostNodes} nodes is shown by kind.</figcaption></figure>`;
};
