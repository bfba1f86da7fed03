import { describe, expect, it } from 'vitest';
import { inputJsonSchema } from '../../project/index.js';
import { cleanSection, collectSection, dataSection } from '../section.js';
import { resolveSources } from './resolve.js';

describe('the data section', () => {
  it('is whole when nothing is given', () => {
    expect(dataSection.parse(undefined)).toMatchObject({
      sources: ['quickstart'],
      clean: { minCharacters: 100 },
      tokenize: { shardTokens: 16_777_216 },
    });
    expect(dataSection.parse({})).toEqual(dataSection.parse(undefined));
  });

  it('describes each of its fields to an editor', () => {
    const schema = JSON.stringify(inputJsonSchema(dataSection));
    for (const field of ['sources', 'maxRejected', 'minCharacters', 'shardTokens', 'textField', 'families'])
      expect(schema).toContain(`"${field}":{"`);
    expect(schema).not.toContain('"required"'.concat(':["sources"'));
  });

  it('gives each step only what it reads', () => {
    const before = dataSection.parse({});
    const after = dataSection.parse({ clean: { minCharacters: 5 } });
    expect(collectSection(after)).toEqual(collectSection(before));
    expect(cleanSection(after)).not.toEqual(cleanSection(before));
  });
});

describe('resolveSources', () => {
  it('spells out the quickstart', () => {
    expect(
      resolveSources(['quickstart']).map(({ name, licence, place }) => [name, place.kind, licence !== 'unknown']),
    ).toEqual([
      ['moby-dick', 'npm', true],
      ['state-of-the-union', 'npm', true],
      ['wordnet-examples', 'npm', true],
    ]);
  });

  it.each([
    ['corpus/**/*.md', 'corpus', { kind: 'files', base: 'corpus', pattern: '**/*.md' }],
    ['./my.txt', 'my.txt', { kind: 'files', base: 'my.txt', pattern: '' }],
    ['*.txt', 'project', { kind: 'files', base: '.', pattern: '*.txt' }],
    ['npm:@a/b@1.2.3/data/*.txt', '@a/b', { kind: 'npm', package: '@a/b', version: '1.2.3', pattern: 'data/*.txt' }],
  ])('%s is called %s', (from, name, place) => {
    expect(resolveSources([from])[0]).toMatchObject({ name, place });
  });

  it.each([
    'npm:a',
    'npm:a/b',
    'npm:a@latest/x',
    'npm:a@^1.0.0/x',
    'npm:--flag@1.0.0/x',
    'npm:a@1.0.0;rm/x',
    'npm:git+ssh://x@1.0.0/y',
    'npm:A@1.0.0/x',
    'npm:../a@1.0.0/x',
  ])('refuses %s', (from) => {
    expect(() => resolveSources([from])).toThrow(/DATA_SOURCE/);
  });
});
