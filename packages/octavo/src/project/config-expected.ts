/** What a place in a JSON Schema asks for, in words: the other half of every message about a wrong value. */
import { visibleLine } from '../core/index.js';
import type { FieldPath } from './config-source.js';

export type SchemaNode = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is SchemaNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const nodes = (value: unknown): readonly SchemaNode[] => (Array.isArray(value) ? value.filter(isNode) : []);

const follow = (root: SchemaNode, node: SchemaNode): SchemaNode => {
  const name =
    typeof node['$ref'] === 'string' ? /^#\/(?:\$defs|definitions)\/(.+)$/.exec(node['$ref'])?.[1] : undefined;
  const definitions = root['$defs'] ?? root['definitions'];
  const target = name !== undefined && isNode(definitions) ? definitions[name] : undefined;
  return isNode(target) ? { ...target, ...node, $ref: undefined } : node;
};

/** The alternatives of a node, itself if it has none. */
export const alternatives = (root: SchemaNode, node: SchemaNode): readonly SchemaNode[] => {
  const inner = [...nodes(node['anyOf']), ...nodes(node['oneOf']), ...nodes(node['allOf'])];
  return inner.length === 0 ? [node] : inner.flatMap((one) => alternatives(root, follow(root, one)));
};

const child = (root: SchemaNode, node: SchemaNode, name: string | number): SchemaNode | undefined => {
  const found = alternatives(root, node).flatMap((one) => {
    const properties = one['properties'];
    const candidates = [
      isNode(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined,
      typeof name === 'number' ? (nodes(one['prefixItems'])[name] ?? one['items']) : undefined,
      one['additionalProperties'],
    ];
    const first = candidates.find(isNode);
    return first === undefined ? [] : [follow(root, first)];
  });
  return found.length > 1 ? { anyOf: found } : found[0];
};

/** The schema of a field. */
export const schemaAt = (root: SchemaNode, path: FieldPath): SchemaNode | undefined =>
  path.reduce<SchemaNode | undefined>((node, name) => (node === undefined ? undefined : child(root, node, name)), root);

/** The names of the fields that a section has. */
export const fieldsAt = (root: SchemaNode, path: FieldPath): readonly string[] => {
  const node = schemaAt(root, path);
  if (node === undefined) return [];
  return [
    ...new Set(
      alternatives(root, node).flatMap((one) => (isNode(one['properties']) ? Object.keys(one['properties']) : [])),
    ),
  ];
};

const bound = (value: unknown): number | undefined =>
  typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;

const range = (node: SchemaNode): string => {
  const least = bound(node['minimum']);
  const most = bound(node['maximum']);
  const above = bound(node['exclusiveMinimum']);
  const below = bound(node['exclusiveMaximum']);
  const ends = least !== undefined ? (most ?? below) : undefined;
  const text =
    least !== undefined && ends !== undefined
      ? ` from ${least} to ${most === undefined ? 'below ' : ''}${ends}`
      : least !== undefined
        ? `, ${least} or more`
        : [
            above === undefined ? '' : ` above ${above}`,
            most !== undefined ? `, ${most} or less` : below !== undefined ? ` below ${below}` : '',
          ].join('');
  const step = bound(node['multipleOf']);
  return step === undefined || step === 1 ? text : `${text}, a multiple of ${step}`;
};

const amount = (least: unknown, most: unknown, unit: string): string => {
  const low = typeof least === 'number' && least > 0 ? least : undefined;
  const high = bound(most);
  if (low === undefined && high === undefined) return '';
  const plural = (count: number) => (count === 1 ? unit : `${unit}s`);
  if (low !== undefined && high !== undefined)
    return low === high ? ` of ${low} ${plural(low)}` : ` of ${low} to ${high} ${unit}s`;
  return low !== undefined ? ` of at least ${low} ${plural(low)}` : ` of at most ${high} ${plural(high ?? 0)}`;
};

const constants = (node: SchemaNode): readonly unknown[] | undefined =>
  Array.isArray(node['enum']) ? node['enum'] : 'const' in node ? [node['const']] : undefined;

const written = (value: unknown): string =>
  typeof value === 'string' ? visibleLine(value, 40) : JSON.stringify(value);

const one = (node: SchemaNode): string => {
  const fixed = constants(node);
  if (fixed !== undefined) return fixed.length === 1 ? written(fixed[0]) : `one of ${fixed.map(written).join(', ')}`;
  switch (node['type']) {
    case 'integer':
      return `a whole number${range(node)}`;
    case 'number':
      return `a number${range(node)}`;
    case 'string':
      return `text${amount(node['minLength'], node['maxLength'], 'character')}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list${amount(node['minItems'], node['maxItems'], 'item')}`;
    case 'object': {
      const fields = isNode(node['properties']) ? Object.keys(node['properties']) : [];
      return fields.length === 0
        ? 'a section'
        : `a section with ${fields.slice(0, 6).join(', ')}${fields.length > 6 ? ', …' : ''}`;
    }
    case 'null':
      return 'nothing';
    default:
      return 'another value';
  }
};

/** "a whole number, from 1 to 64"; alternatives joined by "or". */
export const expected = (root: SchemaNode, node: SchemaNode): string => {
  const all = alternatives(root, node);
  const fixed = all.flatMap((each) => constants(each) ?? []);
  const open = all.filter((each) => constants(each) === undefined).map(one);
  const texts = [...(fixed.length === 0 ? [] : [one({ enum: fixed })]), ...open];
  return [...new Set(texts)].join(', or ');
};

/** The texts that a field may be, for "did you mean". */
export const allowedTexts = (root: SchemaNode, node: SchemaNode): readonly string[] =>
  alternatives(root, node)
    .flatMap((each) => constants(each) ?? [])
    .filter((value) => typeof value === 'string');
