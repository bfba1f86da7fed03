import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Collected } from '../document.js';
import { limits } from '../limits.js';
import { resolveSources } from '../sources/resolve.js';
import { prose } from '../step.test-support.js';
import { readFileDocuments } from './read-file.js';
import { wordnetExamples } from './read-wordnet.js';

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(
  content: string | Uint8Array,
  name = 'a.txt',
  options: Record<string, unknown> = {},
): Promise<readonly Collected[]> {
  const [source] = resolveSources([
    {
      from: '.',
      name: 's',
      format: 'auto',
      textField: 'text',
      encoding: 'utf-8',
      licence: 'CC0',
      windowBytes: 4096,
      ...options,
    },
  ]);
  const found = [];
  if (source === undefined) throw new Error('a source resolves');
  for await (const item of readFileDocuments(inPieces(Buffer.from(content), 100), { source, path: name, where: name }))
    found.push(item);
  return found;
}

const texts = (items: readonly Collected[]) =>
  items.map((item) => (item.kind === 'document' ? item.document.text : item.dropped.reason));
const ids = (items: readonly Collected[]) =>
  items.map((item) => (item.kind === 'document' ? item.document.id : item.dropped.id));

describe('text files', () => {
  it('are one document, or numbered windows of one', async () => {
    expect(await read('Call me Ishmael.')).toEqual([
      { kind: 'document', document: { id: 's/a', source: 's', licence: 'CC0', text: 'Call me Ishmael.' } },
    ]);
    const long = await read(prose(1, 150), 'folder/b#1.md.gz');
    expect(ids(long).slice(0, 2)).toEqual(['s/folder/b%231#0001', 's/folder/b%231#0002']);
    expect(texts(long).join('')).toBe(prose(1, 150));
  });

  it('may be compressed, marked as UTF-16, or in a named encoding', async () => {
    expect(texts(await read(gzipSync('packed'), 'a.txt.gz'))).toEqual(['packed']);
    expect(texts(await read(Buffer.from('\ufeffsixteen é', 'utf16le')))).toEqual(['sixteen é']);
    expect(texts(await read(Buffer.from('caf\xe9', 'latin1'), 'a.txt', { encoding: 'latin1' }))).toEqual(['café']);
    expect(texts(await read(Buffer.from('caf\xe9', 'latin1')))).toEqual(['caf\ufffd']);
    expect(texts(await read('\ufeffmarked'))).toEqual(['marked']);
  });
});

describe('JSONL files', () => {
  it('give a document a row, and say of each other row what is wrong', async () => {
    const rows = [
      '{"body": "first"}',
      '',
      '{"body": 5}',
      '{"text": "no body"}',
      'not json',
      '{"body": "last", "__proto__": {"body": "x"}}',
      '{"__proto__": {"body": "inherited"}}',
      `${'['.repeat(100_000)}`,
    ];
    const content = Buffer.concat([Buffer.from(rows.join('\n')), Buffer.from('\n{"body": "\xff"}\n', 'latin1')]);
    const found = await read(content, 'x.jsonl', { textField: 'body' });
    expect(texts(found)).toEqual([
      'first',
      'no-text',
      'no-text',
      'invalid-json',
      'last',
      'no-text',
      'invalid-json',
      'invalid-utf8',
    ]);
    expect(ids(found)).toEqual(['s/x:1', 's/x:3', 's/x:4', 's/x:5', 's/x:6', 's/x:7', 's/x:8', 's/x:9']);
  });

  it('skip a line beyond the limit and go on', async () => {
    const found = await read(`{"text":"${'x'.repeat(limits.lineBytes)}"}\n{"text":"after"}`, 'x.ndjson');
    expect(texts(found)).toEqual(['line-too-long', 'after']);
  });

  it('lose no row, whatever the bytes', async () => {
    const row = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify({ text })),
      fc.uint8Array({ min: 32, minLength: 1 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.json(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
        const lines = rows
          .join('\n')
          .split('\n')
          .filter((line) => !/^[ \t\r]*$/.test(line));
        expect(await read(rows.join('\n'), 'x.jsonl')).toHaveLength(lines.length);
      }),
      { numRuns: 25 },
    );
  });
});

describe('WordNet', () => {
  const line = (field: string, gloss: string) => `00001740 ${field} n 01 entity 0 003 ~ 00001930 n 0000 | ${gloss}  `;

  it('gives the quoted examples of a gloss', () => {
    expect(wordnetExamples(line('03', 'a thing; "it was full of rackets"; "short"; "the team is a unit"'))).toEqual([
      'it was full of rackets',
      'the team is a unit',
    ]);
    expect(wordnetExamples('  1 This software and database is "being provided to you"')).toEqual([]);
  });

  it('groups them by field of meaning into documents of about 2 kB', async () => {
    const content = Array.from({ length: 200 }, (_, n) =>
      line(n % 2 === 0 ? '03' : '05', `x; "sentence number ${n} of the field"`),
    ).join('\n');
    const found = await read(content, 'data.noun', { format: 'wordnet-examples' });
    expect(ids(found)).toEqual([
      's/data.noun:03:0001',
      's/data.noun:05:0001',
      's/data.noun:03:0002',
      's/data.noun:05:0002',
    ]);
    expect(texts(found)[0]?.split('\n').slice(0, 2)).toEqual([
      'sentence number 0 of the field',
      'sentence number 2 of the field',
    ]);
  });
});
