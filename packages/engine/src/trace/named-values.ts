import { OctavoError } from '../error.js';
import { opOf } from '../ops/registry.js';
import type { Graph, GraphNode, ValueId } from './graph.js';

/**
 * Values of a traced graph by name, so that they can be looked at and changed without touching the function that was
 * traced. A name is one of
 *   `tokens`                                  an input of the graph;
 *   `blocks.0.attention`                      a scope: what its last node made;
 *   `blocks.0.attention/linear:1`             in a scope, the second node of a kind: its first result (`:0` may be left out);
 *   `blocks.0.attention/linear:-1.x`          and any operand or result of it by name, from the last backwards;
 *   `/embedding`                              the same outside all scopes.
 */
export function valueNamed(graph: Graph, name: string): ValueId {
  const given = graph.inputs.find((entry) => entry.name === name);
  if (given !== undefined) return given.value;
  const [scope = '', rest] = cut(name, '/');
  const found = rest === undefined ? lastOf(graph, scope) : inScope(graph, scope, rest);
  if (found === undefined)
    throw new OctavoError('VALUE_ABSENT', {
      what: `the graph has no value called ${name}`,
      where: rest === undefined ? 'scopes' : `scope ${scope === '' ? '(outside all)' : scope}`,
      remedy: `there is ${alternatives(graph, scope, rest)}`,
    });
  return found;
}

/** At the last separator: scopes hold no `/`. */
const cut = (text: string, separator: string): readonly [string, string?] => {
  const at = text.lastIndexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
};

const inside = (path: string, scope: string): boolean => path === scope || path.startsWith(`${scope}.`);

const lastOf = (graph: Graph, scope: string): ValueId | undefined =>
  scope === '' ? undefined : graph.nodes.findLast(({ path }) => inside(path, scope))?.outputs[0];

function inScope(graph: Graph, scope: string, rest: string): ValueId | undefined {
  const [, kind = '', count = '0', port] = /^(\w+)(?::(-?\d+))?(?:\.(\w+))?$/.exec(rest) ?? [];
  const node = graph.nodes.filter((one) => one.path === scope && one.kind === kind).at(Number(count));
  if (node === undefined) return undefined;
  const id = port === undefined ? node.outputs[0] : portOf(node, port);
  return id === undefined || id < 0 ? undefined : id;
}

function portOf(node: GraphNode, port: string): ValueId | undefined {
  const { inputNames, outputs } = opOf(node.kind);
  return node.outputs[outputs.indexOf(port)] ?? node.inputs[inputNames.indexOf(port)];
}

function alternatives(graph: Graph, scope: string, rest: string | undefined): string {
  const here = rest === undefined ? [] : graph.nodes.filter(({ path }) => path === scope);
  const names =
    here.length > 0
      ? here.map(({ kind }) => `${scope}/${kind}`)
      : graph.nodes.map(({ path, kind }) => (path === '' ? `/${kind}` : path));
  return [...new Set(names)].slice(0, 12).join(', ');
}
