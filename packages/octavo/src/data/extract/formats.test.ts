import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits.js';
import { decoderOf } from './charset.js';
import { duckdbFile, inPieces, packedSamples, readAll, tarMember, zipOf } from './formats.test-support.js';
import { csvRows } from './read-csv.js';

const sentence = 'The boats came back at noon, and nobody had expected them.';

describe('CSV and TSV', () => {
  it('give a document a row, by the column that is named', async () => {
    const csv = 'id,text\r\n1,"a ""b"", c\nd"\r\n\r\n2,plain\r\n3,"",\n4,__proto__';
    expect(await readAll(csv, 'x.csv')).toEqual([
      's/x.csv:2 → a "b", c\nd',
      's/x.csv:5 → plain',
      's/x.csv:6 ! invalid-csv: has 3 fields, the first row 2',
      's/x.csv:7 → __proto__',
    ]);
    expect(await readAll('__proto__\tbody\nx\tb, c\n', 'x.tsv', { textField: 'body' })).toEqual(['s/x.tsv:2 → b, c']);
    expect(await readAll('a,b\n1,2\n', 'x.csv')).toEqual(['s/x.csv:1 ! no-text: has no column "text"; it has a, b']);
    expect(await readAll('', 'x.csv')).toEqual([]);
  });

  it('reject a row alone that breaks the rules', async () => {
    expect(await readAll('text\na"b\n"c"d\n"e', 'x.csv')).toEqual([
      's/x.csv:2 ! invalid-csv: a quote stands inside a field that does not begin with one',
      's/x.csv:3 ! invalid-csv: text follows a closing quote',
      's/x.csv:4 ! invalid-csv: a quoted field is not closed',
    ]);
    expect(await readAll('text\n"never closed\nb\nc\n', 'x.csv')).toEqual([
      's/x.csv:2 ! invalid-csv: a quoted field is not closed',
      's/x.csv:3 → b',
      's/x.csv:4 → c',
    ]);
  });

  it('pass over an open quote and a row without end in bounded memory, and go on', async () => {
    const long = async function* () {
      yield Buffer.from('text\n"open\n');
      for (let at = 0; at < 10; at++) yield Buffer.alloc(1 << 20, 'word ');
      yield Buffer.from('\nafter\n');
    };
    const found = await readAll(long(), 'x.csv');
    expect(found.map((line) => line.slice(0, 60))).toEqual([
      's/x.csv:2 ! invalid-csv: no end within 8388608 characters: a',
      's/x.csv:3 ! invalid-csv: no end within 8388608 characters: a',
      's/x.csv:4 → after',
    ]);
  });

  it('read what is written, in pieces of any size', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', '中') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, size) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const csv = rows.map((row) => row.map(quoted).join(',')).join('\r\n');
          const pieces = async function* () {
            for (let at = 0; at < csv.length; at += size) yield csv.slice(at, at + size);
          };
          const found = [];
          for await (const row of csvRows(pieces(), ',')) if (row.kind === 'row') found.push(row.fields);
          expect(found).toEqual(rows);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('give a row or a reason for each line without quotes, whatever stands in it', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', ',', ' '), minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 30 }), async (lines) => {
        expect(await readAll(['text,other', ...lines].join('\n'), 'x.csv')).toHaveLength(lines.length);
      }),
      { numRuns: 30 },
    );
  });
});

describe('JSON files', () => {
  it('are an array of rows, or one object', async () => {
    const rows = '\ufeff[{"text":"a, ]"}, {"text":"b\\"["},5,{"__proto__":{"text":"x"}},nope,{"text":"z"} ]\n';
    expect(await readAll(rows, 'x.json')).toEqual([
      's/x.json:1 → a, ]',
      's/x.json:2 → b"[',
      's/x.json:3 ! no-text: has no field "text"',
      's/x.json:4 ! no-text: has no field "text"',
      expect.stringMatching(/^s\/x\.json:5 ! invalid-json: /),
      's/x.json:6 → z',
    ]);
    expect(await readAll('{"body":"one","list":[1,2]}', 'x.json', { textField: 'body' })).toEqual(['s/x.json:1 → one']);
    expect(await readAll('[]', 'x.json')).toEqual([]);
    expect(await readAll('[{"text":"a"},]', 'x.json')).toHaveLength(2);
  });

  it('that are cut, too deep, too long or followed by something say so', async () => {
    expect(await readAll('[{"text":"a"},{"text":', 'x.json')).toEqual([
      's/x.json:1 → a',
      's/x.json:2 ! invalid-json: the file ends in the middle of the array',
    ]);
    expect(await readAll('[{"text":"a"}] x', 'x.json')).toEqual([
      's/x.json:1 → a',
      's/x.json:2 ! invalid-json: something follows the end of the array',
    ]);
    expect(await readAll('['.repeat(200_000), 'x.json')).toEqual([
      's/x.json:1 ! invalid-json: the file ends in the middle of the array',
    ]);
    const row = `{"text":"${'x'.repeat(limits.lineBytes)}"}`;
    expect(await readAll(`[${row},{"text":"b"}]`, 'x.json')).toEqual([
      `s/x.json:1 ! line-too-long: more than ${limits.lineBytes} bytes`,
      's/x.json:2 → b',
    ]);
  });

  it('of one endless string take bounded memory', async () => {
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const endless = async function* () {
      yield Buffer.from('[{"text":"');
      const piece = Buffer.alloc(1 << 20, 'x');
      for (let at = 0; at < 32; at++) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        yield piece;
      }
      yield Buffer.from('"},{"text":"after"}]');
    };
    expect(await readAll(endless(), 'x.json')).toEqual([
      `s/x.json:1 ! line-too-long: more than ${limits.lineBytes} bytes`,
      's/x.json:2 → after',
    ]);
    expect(most).toBeLessThan(8 * limits.lineBytes);
  });
});

describe('XML', () => {
  it('gives the texts of the elements that a path names', async () => {
    const xml =
      '<?xml version="1.0"?><r><page><text>a &amp; <b>b</b></text></page><text>no</text><page><text><![CDATA[<c>]]></text></page></r>';
    expect(await readAll(xml, 'x.xml', { textField: 'page/text' })).toEqual(['s/x.xml:1 → a & b', 's/x.xml:2 → <c>']);
    expect(await readAll('<r/>', 'x.xml')).toEqual(['s/x.xml:1 ! no-text: has no element "text"']);
  });

  it('expands no entity of its own, and rejects alone what holds one', async () => {
    const laughs = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>';
    expect(await readAll(`${laughs}<r><text>&b;</text><text>&x;</text><text>fine</text></r>`, 'x.xml')).toEqual([
      expect.stringMatching(/^s\/x\.xml:1 ! invalid-xml: .*entity/),
      expect.stringMatching(/^s\/x\.xml:2 ! invalid-xml: .*entity/),
      's/x.xml:3 → fine',
    ]);
  });

  it('that is cut, too deep or one endless tag says so', async () => {
    expect(await readAll('<r><text>a</text><text>b', 'x.xml')).toEqual([
      's/x.xml:1 → a',
      's/x.xml:2 ! invalid-xml: the file ends inside an element',
    ]);
    expect(await readAll('<a>'.repeat(20_000), 'x.xml')).toEqual([
      's/x.xml:1 ! invalid-xml: elements lie more than 1000 deep: the rest is not read',
    ]);
    const endless = async function* () {
      yield Buffer.from('<a x="');
      for (let at = 0; at < 20; at++) yield Buffer.alloc(1 << 20, 'y');
    };
    expect(await readAll(endless(), 'x.xml')).toEqual([expect.stringMatching(/characters: the rest is not read$/)]);
    expect(await readAll(`<r><text>${'\0'.repeat(70_000)}`, 'x.xml', { encoding: 'utf-8' })).toEqual([
      's/x.xml:1 ! invalid-xml: it breaks the rules more than 1000 times in a row: the rest is not read',
    ]);
  });
});

const chapter = (text: string) =>
  `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body><a id="x"/><p>${text}</p></body></html>`;
const epub = (chapters: Readonly<Record<string, string>>, order: readonly string[]) =>
  zipOf(
    {
      mimetype: 'application/epub+zip',
      'META-INF/container.xml': '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
      'OPS/book.opf': `<package><metadata><dc:title>A Book</dc:title></metadata><manifest>${Object.keys(chapters)
        .map((name) => `<item id="${name}" href="${name}.xhtml" media-type="application/xhtml+xml"/>`)
        .join('')}</manifest><spine>${order.map((name) => `<itemref idref="${name}"/>`).join('')}</spine></package>`,
      ...Object.fromEntries(Object.entries(chapters).map(([name, text]) => [`OPS/${name}.xhtml`, chapter(text)])),
    },
    ['mimetype'],
  );

describe('books and pages', () => {
  it('EPUB gives its chapters in the order of the spine', async () => {
    expect(await readAll(epub({ one: 'First.', two: 'Second.' }, ['two', 'one']), 'x.epub')).toEqual([
      's/x.epub → Second.\n\nFirst.\n\n',
    ]);
    expect(await readAll(epub({ one: 'First.' }, Array(1000).fill('one')), 'x.epub')).toEqual([
      's/x.epub → First.\n\n',
    ]);
    expect(await readAll(epub({ one: 'First.' }, ['one', 'gone']), 'unnamed')).toEqual(['s/unnamed → First.\n\n']);
    expect(await readAll(zipOf({ a: 'b' }), 'x.epub')).toEqual([
      's/x.epub ! file-refused: it names META-INF/container.xml, which it does not hold',
    ]);
  });

  it('HTML gives its main text, in whatever encoding it says', async () => {
    const page = `<html><head><meta charset="windows-1251"><title>x</title></head><body><nav>menu</nav><p>${sentence} \xcf\xf0\xe8</p></body></html>`;
    expect(await readAll(Buffer.from(page, 'latin1'), 'x.html')).toEqual([`s/x.html → ${sentence} При`]);
    expect(await readAll(`<!doctype html><p>${sentence}`, 'index')).toEqual([`s/index → ${sentence}`]);
  });
});

describe('packed files and archives', () => {
  it('bzip2 and xz are opened by their first bytes', async () => {
    const text = 'Call me Ishmael. '.repeat(40);
    expect(await readAll(Buffer.from(packedSamples.xz, 'base64'), 'x.txt.xz')).toEqual([`s/x → ${text}`]);
    const twice = Buffer.concat([Buffer.from(packedSamples.bz2, 'base64'), Buffer.from(packedSamples.bz2, 'base64')]);
    const once = `${text}${'\0'.repeat(5000)}${decoderOf('latin1')(Uint8Array.from({ length: 512 }, (_, at) => at & 255))}`;
    expect(await readAll(twice, 'x.txt.bz2', { encoding: 'latin1', windowBytes: 1 << 20 })).toEqual([
      `s/x → ${once}${once}`,
    ]);
    expect(await readAll('BZh is how it begins', 'x.txt')).toEqual(['s/x → BZh is how it begins']);
  });

  it('bombs are stopped, damage is named, and what came before stays', async () => {
    for (const bomb of [packedSamples.bz2Bomb, packedSamples.xzBomb]) {
      const found = await readAll(Buffer.from(bomb, 'base64'), 'bomb.txt');
      expect(found.at(-1)).toMatch(
        /^s\/bomb(#rest)? ! file-refused: \d+ compressed bytes became \d+ and more, beyond 100 to 1/,
      );
    }
    for (const sample of [packedSamples.bz2, packedSamples.xz]) {
      const bytes = Buffer.from(sample, 'base64');
      const cut = bytes.subarray(0, bytes.length - 30);
      expect((await readAll(cut, 'x')).at(-1)).toMatch(/^s\/x ! file-refused: is damaged: .* unpacked bytes were read/);
    }
    const bytes = Buffer.from(packedSamples.bz2, 'base64');
    let refused = 0;
    for (let at = 12; at < bytes.length; at += 31) {
      const bad = Buffer.from(bytes);
      bad[at] = (bad[at] ?? 0) ^ 0x20;
      const found = await readAll(bad, 'x');
      // Its checksum is looked at before anything is given.
      if (found.some((line) => line.includes('file-refused'))) {
        expect(found).toHaveLength(1);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(8);
  });

  it('rows before a damaged place stay, the same at each reading, and the file is counted as rejected once', async () => {
    const rows = Array.from({ length: 4000 }, (_, at) => JSON.stringify({ text: `${at} ${(at * 7919) % 104_729}` }));
    const packed = gzipSync(rows.join('\n'));
    const flipped = Buffer.from(packed);
    flipped[packed.length >> 1] = (flipped[packed.length >> 1] ?? 0) ^ 0xff;
    for (const bad of [flipped, packed.subarray(0, packed.length >> 1), Buffer.concat([packed, Buffer.from('more')])]) {
      const found = await readAll(bad, 'x.jsonl.gz');
      const whole = found.filter((line) => line.includes(' → '));
      expect(whole.length).toBeGreaterThan(500);
      expect(whole.slice(0, 500)).toEqual(
        rows.slice(0, 500).map((row, at) => `s/x:${at + 1} → ${JSON.parse(row).text}`),
      );
      expect(
        found.filter((line) => /^s\/x#rest ! file-refused: is damaged: .*\d+ unpacked bytes/.test(line)),
      ).toHaveLength(1);
      expect(await readAll(bad, 'x.jsonl.gz')).toEqual(found);
    }
    const behindZeros = Buffer.concat([gzipSync('{"text":"a"}\n'), Buffer.alloc(9), gzipSync('{"text":"b"}')]);
    expect((await readAll(behindZeros, 'x.jsonl')).at(-1)).toContain('something follows its end');
  });

  it('zip and tar give the files inside that have a format, packed or not', async () => {
    const members = {
      'a/b.txt': 'text of b',
      'c.jsonl.gz': gzipSync('{"text":"c"}'),
      'd.bin': 'skipped',
      'e.zip': zipOf({}),
      'f.csv': 'text\nf',
    };
    const inside = [
      's/x.zip/a/b → text of b',
      's/x.zip/c:1 → c',
      's/x.zip/e.zip ! file-refused: is an archive inside an archive',
      's/x.zip/f.csv:2 → f',
    ];
    expect(await readAll(zipOf(members), 'x.zip')).toEqual(inside);
    expect(await readAll(zipOf(members), 'unnamed')).toEqual(inside.map((line) => line.replace('x.zip', 'unnamed')));
    const tar = Buffer.concat([
      tarMember('./a/b.txt', 'b'),
      tarMember('c.bin', 'no'),
      tarMember('d.md', 'd'),
      Buffer.alloc(1024),
    ]);
    expect(await readAll(gzipSync(tar), 'x.tar.gz')).toEqual(['s/x.tar.gz/a/b → b', 's/x.tar.gz/d → d']);
    expect(await readAll(gzipSync(tar), 'x.tgz')).toEqual(['s/x.tgz/a/b → b', 's/x.tgz/d → d']);
    expect(await readAll(tar.subarray(0, 1200), 'x.tar')).toEqual([
      's/x.tar/a/b → b',
      's/x.tar#rest ! file-refused: the archive ends in the middle of a header',
    ]);
  });

  it('members of an archive that could point outside, and links, are rejected one by one', async () => {
    const tar = Buffer.concat([
      tarMember('../up.txt', 'no'),
      tarMember('a.txt', 'a'),
      tarMember('/etc/b.txt', 'no'),
      ...['1', '2', '3', '6'].map((kind) => tarMember('link.txt', '', kind)),
      tarMember('c.txt', 'c'),
      Buffer.alloc(1024),
    ]);
    expect(await readAll(tar, 'x.tar')).toEqual([
      's/x.tar#1 ! file-refused: holds a member with an unsafe name: "../up.txt"',
      's/x.tar/a → a',
      's/x.tar#3 ! file-refused: holds a member with an unsafe name: "/etc/b.txt"',
      ...[4, 5, 6, 7].map(
        (at) => `s/x.tar#${at} ! file-refused: holds "link.txt", which is a link or a device, not a file`,
      ),
      's/x.tar/c → c',
    ]);
    const zip = zipOf({
      'a.txt': 'a',
      '../up.txt': 'no',
      '/etc/b.txt': 'no',
      'a\\..\\b.txt': 'no',
      'C:x.txt': 'no',
      'b\0.txt': 'no',
      'c.txt': 'c',
    });
    const found = await readAll(zip, 'x.zip');
    expect(found.filter((line) => line.includes(' → '))).toEqual(['s/x.zip/a → a', 's/x.zip/c → c']);
    expect(found.filter((line) => line.includes('unsafe name'))).toHaveLength(5);
  });

  it('packed files in an archive together unpack to no more than the archive may', async () => {
    const small = gzipSync(Buffer.alloc(1_000_000, 'word '));
    const members = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`${at}.txt.gz`, small]));
    let text = 0;
    for (const line of await readAll(zipOf(members), 'x.zip')) if (line.includes(' → ')) text += line.length;
    expect(text).toBeLessThan(2 << 20);
  });

  it('members of one name, or of names that differ by their end alone, are all read', async () => {
    const names = ['a.txt', 'a.md', 'a~2.txt', 'a.txt', 'b.txt'];
    const archive = Buffer.concat([...names.map((name, at) => tarMember(name, `text ${at}`)), Buffer.alloc(1024)]);
    expect(await readAll(archive, 'x.tar')).toEqual([
      's/x.tar/a → text 0',
      's/x.tar/a~2 → text 1',
      's/x.tar/a~2~2 → text 2',
      's/x.tar/a~3 → text 3',
      's/x.tar/b → text 4',
    ]);
  });

  it('hostile zips are refused, each with its reason', async () => {
    const refusal = async (archive: Buffer) => (await readAll(archive, 'x.zip')).join('; ');
    expect(await refusal(zipOf({ 'a.txt': Buffer.alloc(8 << 20) }))).toContain(
      'unpacks to more than 100 times its size',
    );
    expect(await refusal(zipOf({ '../a.txt': 'a' }))).toContain('unsafe name');
    expect(await refusal(Buffer.from('PK\u0003\u0004 and no more'))).toContain('it has no directory');
    const archive = zipOf({ 'a.txt': 'some text', 'b.txt': 'more text' });
    const patched = (at: number, value: number) => {
      const bad = Buffer.from(archive);
      bad[at] = value;
      return bad;
    };
    const directory = archive.indexOf('PK\u0001\u0002');
    expect(await refusal(patched(directory + 8, 1))).toContain('is encrypted');
    expect(await refusal(patched(directory + 10, 12))).toContain('packed by method 12');
    expect(await refusal(patched(directory + 24, 3))).toContain('larger than it says');
    expect(await refusal(patched(directory + 16, 0))).toMatch(/a\.txt: its checksum does not fit.*b → more text/);
    expect(await refusal(patched(directory, 0))).toContain('its directory is damaged');
    let read = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 4, max: archive.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        async (at, value) => {
          read += (await readAll(patched(at, value), 'x.zip')).length;
        },
      ),
      { numRuns: 100 },
    );
    expect(read).toBeGreaterThan(50);
  });
});

describe('files that a process of its own reads', () => {
  it('Parquet gives the rows of a column', async () => {
    const file = await duckdbFile("SELECT * FROM (VALUES ('a'), (NULL), ('it''s')) AS t(text)");
    expect(await readAll(file, 'x.parquet')).toEqual([
      's/x.parquet:1 → a',
      's/x.parquet:2 ! no-text: field "text" is not text',
      "s/x.parquet:3 → it's",
    ]);
    expect(await readAll(file, 'unnamed', { textField: 'a"; DROP' })).toEqual([
      's/unnamed:1 ! no-text: has no column "a"; DROP"; it has text',
    ]);
    const damaged = Buffer.from(file);
    damaged.fill(0x7f, 4, damaged.length - 8);
    expect(await readAll(damaged, 'x.parquet')).toEqual([expect.stringMatching(/^s\/x\.parquet:1 ! file-refused: /)]);
  });

  it('PDF and DOCX give their text', async () => {
    const stream = 'BT /F1 24 Tf 100 700 Td (Call me Ishmael.) Tj ET';
    const pdf = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj
4 0 obj<</Length ${stream.length}>>stream
${stream}
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
`;
    expect(await readAll(pdf, 'x.pdf')).toEqual(['s/x.pdf → Call me Ishmael.']);
    expect(await readAll('%PDF-1.4 and nothing', 'unnamed')).toEqual([
      expect.stringMatching(/^s\/unnamed ! file-refused: /),
    ]);
    const docx = zipOf({
      '[Content_Types].xml':
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
      '_rels/.rels':
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
      'word/document.xml':
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>First line.</w:t></w:r></w:p><w:p><w:r><w:t>Second &amp; last.</w:t></w:r></w:p></w:body></w:document>',
    });
    expect(await readAll(docx, 'x.docx')).toEqual(['s/x.docx → First line.\n\nSecond & last.']);
    expect(await readAll(inPieces(zipOf({ a: 'b' })), 'x.docx')).toEqual([
      expect.stringMatching(/^s\/x\.docx ! file-refused: /),
    ]);
  });
});
