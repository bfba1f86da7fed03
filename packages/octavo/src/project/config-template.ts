/** A first octavo.yaml, written from the schema: every field with its sentence and default, commented out. */
import { stringify } from 'yaml';
import { alternatives, expected, type SchemaNode } from './config-expected.js';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const flow = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trim();

const sentence = (root: SchemaNode, node: SchemaNode): string => {
  const says =
    typeof node['description'] === 'string'
      ? node['description'].replaceAll(/\s+/g, ' ').replace(/([^.!?])$/, '$1.')
      : '';
  const kind = expected(root, node);
  return [says, kind === 'another value' ? '' : `(${kind})`].filter((part) => part !== '').join(' ');
};

const fieldsOf = (root: SchemaNode, node: SchemaNode): Fields => {
  const [only, ...others] = alternatives(root, node);
  return only !== undefined && others.length === 0 && isFields(only['properties']) ? only['properties'] : {};
};

const lines = (root: SchemaNode, node: SchemaNode, preset: Fields, indent: string): readonly string[] =>
  Object.entries(fieldsOf(root, node)).flatMap(([name, field]) => {
    if (!isFields(field)) return [];
    const chosen = preset[name];
    const inner = fieldsOf(root, field);
    if (Object.keys(inner).length > 0) {
      const within = lines(root, field, isFields(chosen) ? chosen : {}, `${indent}  `);
      const text =
        typeof field['description'] === 'string'
          ? [`${indent}# ${sentence(root, { description: field['description'] })}`]
          : [];
      return [...text, `${indent}${isFields(chosen) ? '' : '# '}${name}:`, ...within];
    }
    const value =
      chosen !== undefined
        ? `${indent}${name}: ${flow(chosen)}`
        : field['default'] !== undefined
          ? `${indent}# ${name}: ${flow(field['default'])}`
          : `${indent}# ${name}:`;
    return [`${indent}# ${sentence(root, field)}`, value];
  });

/** `preset` is what stands in the file for good; the rest is there to be uncommented. */
export const configTemplate = (root: SchemaNode, preset: Fields, heading: readonly string[]): string => {
  const sections = Object.entries(fieldsOf(root, root)).flatMap(([name, section]) => {
    if (!isFields(section)) return [];
    const chosen = preset[name];
    const says = typeof section['description'] === 'string' ? [`# ${section['description']}`] : [];
    return ['', ...says, `${name}:`, ...lines(root, section, isFields(chosen) ? chosen : {}, '  ')];
  });
  return `${[...heading.map((line) => `# ${line}`), ...sections].join('\n')}\n`;
};
