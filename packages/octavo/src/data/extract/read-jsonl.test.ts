import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonl } from './read-jsonl.js';
import { byteLines } from './text-pieces.js';

const context = { fileId: 'f', source: 's', licence: 'l', textField: 'text', urlField: 'u', labelField: 'n' };

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const shown = (row: { id: string; text: string; url?: string | undefined; label?: string | undefined }) =>
  `${row.id} ${row.text}${row.url === undefined ? '' : ` u=${row.url}`}${row.label === undefined ? '' : ` n=${row.label}`}`;

/** What a field tells: text, a number or a flag. */
const told = (row: object, field: string, most: number) => {
  const value: unknown = Object.hasOwn(row, field) ? Reflect.get(row, field) : undefined;
  const isPlain = typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
  const text = isPlain ? String(value).trim() : '';
  return text === '' || text.length > most ? undefined : text;
};

const read = async (bytes: Uint8Array, size = bytes.length || 1) => {
  const rows: (string | undefined)[] = [];
  for await (const row of readJsonl(inPieces(bytes, size), context))
    rows.push(row.kind === 'document' ? shown(row.document) : undefined);
  return rows;
};

/** The same by the platform's decoder and parser, a line at a time. */
const expected = (bytes: Uint8Array) => {
  const rows: (string | undefined)[] = [];
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  for (const [at, line] of lines.entries()) {
    if (/^[ \t\r]*$/.test(line)) continue;
    try {
      const row = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(line, 'latin1')));
      if (typeof row !== 'object' || row === null || !Object.hasOwn(row, 'text') || typeof row.text !== 'string')
        throw new Error('no text');
      rows.push(shown({ id: `f:${at + 1}`, text: row.text, url: told(row, 'u', 2000), label: told(row, 'n', 200) }));
    } catch {
      rows.push(undefined);
    }
  }
  return rows;
};

const text = fc.string({ unit: 'binary', maxLength: 60 });
const name = fc.oneof({ arbitrary: text, weight: 1 }, { arbitrary: fc.constantFrom('u', 'n'), weight: 2 });
const value = fc.oneof(
  fc.jsonValue({ depthSize: 'small' }),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom('x'.repeat(201), 0.1, 1e21, 2 ** 53, -1, 100_000_000_000_000_000),
);
const object = fc
  .tuple(fc.dictionary(name, value, { maxKeys: 3 }), text, fc.boolean())
  .map(([others, value, isFirst]) => (isFirst ? { text: value, ...others } : { ...others, text: value }));
/** As a writer puts it: plain, with spaces, or with nothing beyond ASCII. */
const line = fc.tuple(object, fc.nat(2)).map(([row, style]) => {
  const plain = JSON.stringify(row, undefined, style === 1 ? 1 : undefined).replaceAll('\n', ' ');
  return style === 2
    ? plain.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : plain;
});

describe('rows of JSONL', () => {
  it('are what JSON.parse makes of them, in whatever pieces they come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 200 }), async (lines, size) => {
        const bytes = Buffer.from(lines.join('\n'));
        expect(await read(bytes, size)).toEqual(expected(bytes));
      }),
    );
  });

  it('are what JSON.parse makes of them also where bytes are wrong', async () => {
    const odd = fc.constantFrom(
      0x22,
      0x5c,
      0x7b,
      0x7d,
      0x5b,
      0x5d,
      0x2c,
      0x3a,
      0x0a,
      0x20,
      0x30,
      0x2d,
      0x65,
      0xc3,
      0xe2,
      0xf0,
      0x80,
      0,
    );
    const changes = fc.array(fc.tuple(fc.nat(), fc.oneof(odd, fc.nat(255))), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 4 }), changes, async (lines, list) => {
        const bytes = Buffer.from(lines.join('\n'));
        for (const [at, byte] of list) bytes[at % bytes.length] = byte;
        expect(await read(bytes)).toEqual(expected(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['{"text":"a"}', 'a'],
    [' { "text" : "a" } \r', 'a'],
    ['{"text":"a","text":"b"}', 'b'],
    ['{"text":1,"text":"b"}', 'b'],
    ['{"text":"b","text":1}', undefined],
    ['{"\\u0074ext":"b"}', 'b'],
    ['{"text":"\\ud83d\\ude00\\ud800 😀é’\\u00e9"}', '😀\ud800 😀é’é'],
    ['\ufeff{"text":"a"}', 'a'],
    ['{"text":"a"}x', undefined],
    ['{"text":"a",}', undefined],
    ['{"text":"a" "b":1}', undefined],
    ['{"text":"a\\x"}', undefined],
    ['{"text":"a\tb"}', undefined],
    ['{"text":"a","n":01}', undefined],
    ['{"text":"a","m":-0.5e+10,"l":[1,{"a":[]}],"t":true,"f":false,"z":null}', 'a'],
    ['{"text":"a","n":null,"u":"b"}', 'a u=b'],
    ['{"text":"a","n":7,"n":[]}', 'a'],
    ['{"n":1.50,"text":"a"}', 'a n=1.5'],
    ['{"n":1e2,"text":"a"}', 'a n=100'],
    ['{"n":-0,"text":"a"}', 'a n=0'],
    ['{"text":"a","n":1.}', undefined],
    ['["text"]', undefined],
    [`{"text":"a","deep":${'['.repeat(200)}${']'.repeat(200)}}`, 'a'],
    [`{"text":"a","deep":${'['.repeat(100_000)}}`, undefined],
    ['{"__proto__":{"text":"a"}}', undefined],
  ])('case %#', async (row, found) => {
    expect(await read(Buffer.from(row))).toEqual([found === undefined ? undefined : `f:1 ${found}`]);
  });

  it('count blank lines without reading them', async () => {
    expect(await read(Buffer.from('\n \t\r\n{"text":"a"}\n\n{"text":"b"}'))).toEqual(['f:3 a', 'f:5 b']);
  });
});

it('lines come whole in whatever pieces, and one beyond the limit is told by its start', async () => {
  const most = 20;
  const line = fc.string({ unit: 'grapheme-ascii', maxLength: 30 }).map((one) => one.replaceAll('\n', ' '));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 9 }), fc.integer({ min: 1, max: 40 }), async (lines, size) => {
      const found: string[] = [];
      for await (const one of byteLines(inPieces(Buffer.from(lines.map((one) => `${one}\n`).join('')), size), most)) {
        const text = Buffer.from(one.kind === 'line' ? one.bytes : one.start).toString();
        const whole = lines[found.length] ?? '';
        expect(one.kind === 'too-long').toBe(whole.length > most);
        expect(one.kind === 'line' ? text : whole.startsWith(text)).toEqual(one.kind === 'line' ? whole : true);
        found.push(text);
      }
      expect(found).toHaveLength(lines.length);
    }),
  );
});
