import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type FieldPath, parseConfigText, readConfig } from '../project/index.js';
import { configJsonSchema, configSchema, configTemplateOfProject } from './config.js';
import { graph } from './graph.js';

const published = new URL('../../schema/octavo.schema.json', import.meta.url);

/** Every field of the schema with its path. */
const fields = (node: unknown, path: FieldPath = []): readonly (readonly [FieldPath, Record<string, unknown>])[] => {
  if (typeof node !== 'object' || node === null || !('properties' in node) || typeof node.properties !== 'object')
    return [];
  return Object.entries(node.properties ?? {}).flatMap(([name, field]) => [
    [[...path, name], field] as const,
    ...fields(field, [...path, name]),
  ]);
};

describe('octavo.yaml', () => {
  it('may be empty: every field has a default', () => {
    expect(() => readConfig(configSchema, parseConfigText('', 'octavo.yaml'))).not.toThrow();
  });

  it('has its schema published as it is (npm run schema)', () => {
    expect(JSON.parse(readFileSync(published, 'utf8'))).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });

  it('says of every field what it is for', () => {
    const silent = fields(configJsonSchema()).filter(
      ([path, field]) => path.length > 1 && typeof field['description'] !== 'string' && !('properties' in field),
    );
    expect(silent.map(([path]) => path.join('.'))).toEqual([]);
  });

  it('begins as a template that shows every field and changes none', () => {
    const text = configTemplateOfProject();
    expect(readConfig(configSchema, parseConfigText(text, 'octavo.yaml'))).toEqual(
      readConfig(configSchema, parseConfigText('', 'octavo.yaml')),
    );
    for (const [path] of fields(configJsonSchema())) expect(text).toMatch(new RegExp(`^ *(# )?${path.at(-1)}:`, 'm'));
    // With every default uncommented it still reads, and gives the same.
    const all = fields(configJsonSchema());
    // A section without a default is left out as a whole, such as plan.money.
    const leftOut = all
      .filter(([, field]) => 'properties' in field && !('default' in field))
      .map(([path]) => path.join('.'));
    const names = new Set(
      all
        .filter(([path]) => !leftOut.some((section) => path.join('.').startsWith(section)))
        .map(([path]) => path.at(-1)),
    );
    const lines = text.split('\n');
    const uncommented = lines
      .map((line, index) => {
        const [, indent = '', name, value = ''] = /^( *)# (\w+):( .+)?$/.exec(line) ?? [];
        const holds = value !== '' || lines[index + 1]?.startsWith(`${indent}  `) === true;
        return name !== undefined && names.has(name) && holds ? `${indent}${name}:${value}` : line;
      })
      .join('\n');
    expect(uncommented).not.toBe(text);
    expect(readConfig(configSchema, parseConfigText(uncommented, 'octavo.yaml'))).toEqual(
      readConfig(configSchema, parseConfigText('', 'octavo.yaml')),
    );
  });
});

describe('the step graph', () => {
  it('lists each step after its inputs', () => {
    for (const [position, { name, inputs }] of graph.entries())
      for (const input of inputs)
        expect(
          graph.findIndex((node) => node.name === input),
          `${name} reads ${input}`,
        ).toBeLessThan(position);
  });
});
