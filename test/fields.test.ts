/** The tables of fields in docs/ are made from the JSON Schema, and that from the configuration itself. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../packages/octavo/src/pipeline/config.js';
import { expected } from '../packages/octavo/src/project/config-expected.js';
import { fieldPages, fieldsTable, readSchema, withFields } from '../scripts/fields.mjs';

describe('the fields of octavo.yaml', () => {
  it('stand in the JSON Schema as the sections say (`npm run schema`)', () =>
    expect(readSchema()).toEqual(JSON.parse(JSON.stringify(configJsonSchema()))));

  it('stand in the pages as the JSON Schema says (`node scripts/fields.mjs`)', () => {
    const pages = fieldPages();
    expect(pages.length).toBeGreaterThan(7);
    for (const path of pages) {
      const page = readFileSync(path, 'utf8');
      expect([basename(path), page]).toEqual([basename(path), withFields(page, readSchema(), expected)]);
    }
  });

  it('are all on some page', () => {
    const pages = fieldPages().map((path) => readFileSync(path, 'utf8'));
    const named = pages.flatMap((page) => [...page.matchAll(/<!-- fields:([\w.]+) -->/g)].map(([, name]) => name));
    expect(named.toSorted()).toEqual(Object.keys(readSchema().properties).toSorted());
  });

  it('are refused for a section that does not exist', () =>
    expect(() => fieldsTable(readSchema(), 'pretrain.nothing', expected)).toThrow('no section pretrain.nothing'));
});
