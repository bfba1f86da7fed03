/**
 * `node scripts/fields.mjs`: writes the tables of octavo.yaml's fields into the pages of docs/, between
 * `<!-- fields:data.clean -->` and `<!-- /fields -->`, from the JSON Schema (`npm run schema` makes that anew).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensure, main, root } from './ensure.mjs';

export const readSchema = () =>
  JSON.parse(readFileSync(join(root, 'packages/octavo/schema/octavo.schema.json'), 'utf8'));

/** The pages that hold tables of fields. */
export const fieldPages = () =>
  readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(root, 'docs', name))
    .filter((path) => readFileSync(path, 'utf8').includes('<!-- fields:'))
    .toSorted();

const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');

const isSection = (node) => node.type === 'object' && node.properties !== undefined;

/** A field's row, or the rows of what is inside it. */
const rowsOf = (schema, name, node, expected) => {
  if (isSection(node)) return sectionRows(schema, `${name}.`, node, expected);
  const byDefault = node.default === undefined ? '' : `\`${cell(JSON.stringify(node.default))}\``;
  const own = `| \`${name}\` | ${byDefault} | ${cell(expected(schema, node))} | ${cell(node.description ?? '')} |`;
  const item = [node.items, ...(node.items?.anyOf ?? [])].find((inner) => inner !== undefined && isSection(inner));
  const inside = node.anyOf?.find(isSection);
  return [
    own,
    ...(item === undefined ? [] : sectionRows(schema, `${name}[].`, item, expected)),
    ...(inside === undefined ? [] : sectionRows(schema, `${name}.`, inside, expected)),
  ];
};

const sectionRows = (schema, prefix, section, expected) =>
  Object.entries(section.properties).flatMap(([name, node]) => rowsOf(schema, `${prefix}${name}`, node, expected));

/** The table of a section such as `data.clean`. `expected` says in words what a place of the schema allows. */
export const fieldsTable = (schema, name, expected) => {
  const section = name.split('.').reduce((node, part) => node?.properties?.[part], schema);
  if (section === undefined || !isSection(section)) throw new Error(`octavo.yaml has no section ${name}`);
  return [
    '| field | default | allowed | |',
    '|---|---|---|---|',
    ...sectionRows(schema, `${name}.`, section, expected),
  ].join('\n');
};

/** A page with its tables made anew. */
export const withFields = (page, schema, expected) =>
  page.replaceAll(
    /(<!-- fields:([\w.]+) -->\n)[\s\S]*?(<!-- \/fields -->)/g,
    (_, opening, name, closing) => `${opening}\n${fieldsTable(schema, name, expected)}\n\n${closing}`,
  );

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main(async () => {
    await ensure();
    const { expected } = await import('../packages/octavo/dist/project/config-expected.js');
    for (const path of fieldPages())
      writeFileSync(path, withFields(readFileSync(path, 'utf8'), readSchema(), expected));
  });
