/** Files that mean harm: of a gigabyte in one line, changed at random, made to grow. No run falls over them, and no row is lost. */
import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { clean } from '../../packages/octavo/src/data/clean.js';
import { collect } from '../../packages/octavo/src/data/collect.js';
import { decodeBody } from '../../packages/octavo/src/data/crawl/decode-body.js';
import {
  duckdbFile,
  packedSamples,
  tarMember,
  zipOf,
} from '../../packages/octavo/src/data/extract/formats.test-support.js';
import { cleanSection, collectSection, dataSection } from '../../packages/octavo/src/data/section.js';
import { stepRunner } from '../../packages/octavo/src/data/step.test-support.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const script = fileURLToPath(new URL('./support/hostile-reader.mjs', import.meta.url));

/** Runs the reader in a process with a small heap, which is killed where it says nothing for `silentMs`. */
function reading(
  silentMs: number,
  ...words: readonly string[]
): Promise<{ code: number | null; out: string; last: string }> {
  const child = spawn(process.execPath, ['--max-old-space-size=192', script, ...words]);
  let out = '';
  let last = '';
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => child.kill('SIGKILL'), silentMs);
  };
  wait();
  child.stdout.on('data', (part) => {
    out += part;
  });
  child.stderr.on('data', (part) => {
    last = `${last}${part}`.slice(-2000);
    wait();
  });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, out, last });
    });
  });
}

describe('a file of a gigabyte in one line', () => {
  it.each([
    ['jsonl', '{"text":"before"}\n{"text":"', '"}\n{"text":"after"}\n', { documents: 2, rejected: 1 }],
    ['json', '[{"text":"before"},{"text":"', '"},{"text":"after"}]', { documents: 2, rejected: 1 }],
    ['csv', 'text\nbefore\n"', '"\nafter\n', { documents: 2, rejected: 1 }],
    ['xml', '<r><text>before</text><text>', '</text></r>', { documents: 1, rejected: 1 }],
    ['html', '<p>', '</p>', { documents: 0, rejected: 1 }],
  ])('of %s takes bounded memory, and the rows around it are read', async (format, start, end, expected) => {
    const path = join(folder, `large.${format}`);
    writeFileSync(path, start);
    // A hole in the file: it takes no room on the disk, and reads as zeros.
    truncateSync(path, format === 'csv' ? 2 ** 28 : 2 ** 30);
    appendFileSync(path, end);
    const { code, out, last } = await reading(300_000, 'read', JSON.stringify({ from: path, name: 's' }));
    expect(code, last).toBe(0);
    const told: unknown = JSON.parse(out);
    console.info(format, out.trim());
    expect(told).toMatchObject(expected);
    expect(Reflect.get(Object(told), 'megabytes')).toBeLessThan(600);
    rmSync(path);
  });
});

it('of rows changed at random each is kept, a duplicate, or rejected with a reason', async () => {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const odd = ['"', '\\', '{', '}', '[', ',', '\t', '\u0000', '\ufffd', '1e999', '__proto__', "'", '\u202e', '<', ';'];
  const rows = Array.from({ length: 50_000 }, (_, at) => {
    let text = JSON.stringify({
      text: `Row ${at % 45_000} says ${random(40_000)} and ${random(40_000)} to whom it may concern.`,
    });
    for (let change = random(4); change > 0; change--) {
      const place = random(text.length);
      text = text.slice(0, place) + (odd[random(odd.length)] ?? '') + text.slice(place + random(3));
    }
    return text;
  });
  const lines = rows.map((row) => row.replaceAll('\n', ' '));
  const csv = lines.map((line) => line.replaceAll(/["\t]/g, ' '));
  writeFileSync(join(folder, 'rows.jsonl'), lines.join('\n'));
  writeFileSync(join(folder, 'rows.tsv'), `text\n${csv.join('\n')}`);
  const { run } = stepRunner(folder);
  const data = dataSection.parse({
    sources: ['rows.jsonl', 'rows.tsv'],
    maxRejected: 100_000,
    chat: { families: [] },
    clean: { minCharacters: 20, nearDuplicates: false },
  });
  const collected = await run(collect, collectSection(data));
  expect(collected).toMatchObject({ kind: 'done' });
  const read = collected.kind === 'done' ? collected.summary : {};
  expect(Number(read['documents']) + Number(read['rejected'])).toBe(100_000);
  expect(Number(read['rejected'])).toBeGreaterThan(5000);
  const cleaned = await run(clean, cleanSection(data));
  expect(cleaned).toMatchObject({ kind: 'done' });
  const summary: unknown = JSON.parse(readFileSync(join(folder, 'artifacts/clean/summary.json'), 'utf8'));
  const { kept, dropped } = Object(summary);
  console.info(JSON.stringify({ read: { ...read, sources: undefined }, kept, dropped }));
  // Among the dropped are those that were not read.
  expect(Number(kept) + Number(dropped)).toBe(100_000);
  expect(Number(kept)).toBeGreaterThan(10_000);
});

const parquetOf = (select: string, options = '') => duckdbFile(select, `FORMAT parquet${options}`);
const zstdOf = (select: string) => duckdbFile(select, 'FORMAT csv, HEADER false, COMPRESSION zstd');

describe('what is made to grow', () => {
  it.each(['empty strings', 'long strings'])('a Parquet file of %s ends, and the run goes on', async (kind) => {
    const bomb = await (kind === 'empty strings'
      ? parquetOf("select '' as text from range(5000000)", ', COMPRESSION zstd, ROW_GROUP_SIZE 5000000')
      : parquetOf("select repeat('abcdefgh', 20000) as text from range(2000)", ', COMPRESSION zstd'));
    const path = join(folder, 'bomb.parquet');
    writeFileSync(path, bomb);
    const { code, out, last } = await reading(120_000, 'read', JSON.stringify({ from: path, name: 's' }));
    expect(code, last).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      rejected: 1,
      last: expect.stringMatching(/file-refused: .*(beyond 100 to 1|memory)/),
    });
  });

  it('gzip, zstd, zip and bodies of pages stop at a hundred to one, nested and in many parts too', async () => {
    const zeros = gzipSync(Buffer.alloc(1 << 20));
    const zstd = await zstdOf("SELECT repeat('0', 30000000) AS a");
    const bombs: Readonly<Record<string, Buffer>> = {
      'parts.txt.gz': Buffer.concat(Array(300).fill(zeros)),
      'one.txt.gz': gzipSync(Buffer.alloc(64 << 20)),
      'twice.txt.gz': gzipSync(gzipSync(Buffer.alloc(48 << 20))),
      'one.txt.zst': zstd,
      'parts.txt.zst': Buffer.concat(Array(20).fill(zstd)),
      'members.zip': zipOf(Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`${at}.txt.gz`, zeros]))),
      'members.tar.gz': gzipSync(
        Buffer.concat(Array.from({ length: 20 }, (_, at) => tarMember(`${at}.txt`, '0'.repeat(1 << 20)))),
      ),
      'one.txt.bz2': Buffer.concat(Array(400).fill(Buffer.from(packedSamples.bz2Bomb, 'base64'))),
    };
    for (const [name, bytes] of Object.entries(bombs)) {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      const { code, out, last } = await reading(60_000, 'read', JSON.stringify({ from: path, name: 's' }));
      expect(code, `${name}: ${last}`).toBe(0);
      const told: { readonly characters: number; readonly rejected: number } = JSON.parse(out);
      expect(told.characters, name).toBeLessThanOrEqual(100 * bytes.length + (3 << 20));
      if (name !== 'twice.txt.gz') expect(told.rejected, name).toBeGreaterThan(0);
    }
    for (const [encoding, body] of [
      ['gzip', gzipSync(Buffer.alloc(16 << 20))],
      ['br', brotliCompressSync(Buffer.alloc(16 << 20))],
      ['gzip, gzip', gzipSync(gzipSync(Buffer.alloc(16 << 20)))],
      ['gzip, gzip, gzip, gzip', Buffer.from('x')],
    ] as const)
      expect(await decodeBody(body, encoding, 1 << 20)).not.toMatchObject({ kind: 'bytes' });
  });
});

it('small files changed at random neither end the process nor keep it busy, whatever reads them', async () => {
  const text = Array.from({ length: 30 }, (_, at) => `Call me number ${at * 7919}. The boats came back at noon.`);
  const page = `<html><head><title>T</title></head><body><nav><a href=x>menu</a></nav><h1>Boats</h1>${text.map((line) => `<p>${line} <b>x</b>`).join('')}</body></html>`;
  const rows = text.map((line) =>
    JSON.stringify({ text: line, title: line, selftext: line, subreddit: 'x', id: 'a', type: 'story', created_utc: 1 }),
  );
  const http = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n${page}`;
  const record = `WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/\r\nContent-Length: ${Buffer.byteLength(http)}\r\n\r\n${http}\r\n\r\n`;
  const item = (line: string) =>
    `<item><title>${line}</title><link>https://a.example/${line.length}</link><description>${line}</description></item>`;
  const wiki = `<mediawiki><siteinfo><base>https://en.wikipedia.org/wiki/Main_Page</base></siteinfo>${text
    .map(
      (line, at) =>
        `<page><title>P${at}</title><ns>0</ns><id>${at}</id><revision><timestamp>2026-01-01T00:00:00Z</timestamp><model>wikitext</model><text>'''${line}''' [[a|b]] {{x|y}}\n== H ==\n{| class=x\n|-\n| a || b\n|}</text></revision></page>`,
    )
    .join('')}</mediawiki>`;
  const chapter = '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>A chapter of text.</p></body></html>';
  const epub = zipOf({
    mimetype: 'application/epub+zip',
    'META-INF/container.xml': '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>',
    'b.opf':
      '<package><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>',
    'a.xhtml': chapter,
  });
  const docx = zipOf({
    '[Content_Types].xml':
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    '_rels/.rels':
      '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
    'word/document.xml':
      '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>A line.</w:t></w:r></w:p></w:body></w:document>',
  });
  const pdf = `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n4 0 obj<</Length 40>>stream\nBT /F 12 Tf 10 100 Td (A line.) Tj ET\nendstream endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>`;
  const lines = text.join('\n');
  /** Name of a kind, file, contents, and in which rounds it takes part: those that start a process are slow. */
  const samples: readonly (readonly [
    name: string,
    file: string,
    content: string | Uint8Array,
    prefix?: string,
    every?: number,
  ])[] = [
    ['gzip', 'a.jsonl.gz', gzipSync(rows.join('\n'))],
    ['zstd', 'a.txt.zst', await zstdOf('SELECT hash(range)::VARCHAR AS a FROM range(300)')],
    ['bzip2', 'a.txt.bz2', Buffer.from(packedSamples.bz2, 'base64')],
    ['xz', 'a.txt.xz', Buffer.from(packedSamples.xz, 'base64')],
    ['zip', 'a.zip', zipOf({ 'a.txt': lines, 'b.jsonl.gz': gzipSync(rows.join('\n')), 'c.csv': `text\n${lines}` })],
    [
      'tar',
      'a.tar',
      Buffer.concat([tarMember('a.txt', lines), tarMember('b.csv', `text\n${lines}`), Buffer.alloc(1024)]),
    ],
    ['text', 'a.txt', Buffer.from(lines, 'utf16le')],
    ['csv', 'a.csv', `id,text\n${text.map((line, at) => `${at},"${line} ""q"""`).join('\n')}`],
    ['jsonl', 'a.jsonl', rows.join('\n')],
    ['json', 'a.json', `[${rows.join(',')}]`],
    [
      'xml',
      'a.xml',
      `<?xml version="1.0"?><r>${text.map((line) => `<text a="b">${line} &amp; <![CDATA[x]]></text>`).join('')}</r>`,
    ],
    ['html', 'a.html', page],
    ['epub', 'a.epub', epub],
    ['warc', 'a.warc', record.repeat(3), 'warc:'],
    ['warc.gz', 'a.warc.gz', Buffer.concat([gzipSync(record), gzipSync(record)]), 'warc:'],
    [
      'feed',
      'a.rss',
      `<rss version="2.0"><channel><title>F</title>${text.map(item).join('')}</channel></rss>`,
      'feed:',
    ],
    ['wikipedia', 'wiki.xml', wiki, 'wikipedia:'],
    ['reddit', 'reddit.jsonl', rows.join('\n'), 'reddit:'],
    ['hackernews', 'news.jsonl', rows.join('\n'), 'hackernews:'],
    ['parquet', 'a.parquet', await parquetOf("select 'row '||range as text from range(2000)"), '', 12],
    ['docx', 'a.docx', docx, '', 24],
    ['pdf', 'a.pdf', pdf, '', 24],
  ];
  const jobs = samples.map(([name, file, content, prefix = '', every = 1]) => {
    const path = join(folder, file);
    writeFileSync(path, content);
    // The copy has another ending, so the format is named where the source is plain files.
    const format =
      prefix === ''
        ? {
            format:
              {
                text: 'text',
                csv: 'csv',
                jsonl: 'jsonl',
                json: 'json',
                xml: 'xml',
                html: 'html',
                epub: 'epub',
                parquet: 'parquet',
                docx: 'docx',
                pdf: 'pdf',
                gzip: 'jsonl',
              }[name] ?? 'auto',
          }
        : {};
    return { name, path, every, fields: { from: `${prefix}${path}`, name: 's', ...format } };
  });
  const list = join(folder, 'jobs.json');
  writeFileSync(list, JSON.stringify(jobs));
  const seed = process.env['OCTAVO_SEED'] ?? '20261125';
  const seconds = process.env['OCTAVO_FUZZ_SECONDS'] ?? '25';
  const { code, out, last } = await reading(60_000, 'fuzz', list, seed, seconds);
  expect(code, `OCTAVO_SEED=${seed}; the last that it read: ${last}`).toBe(0);
  const told: {
    readonly counts: Readonly<Record<string, { inputs: number; rejected: number; slowestMs: number }>>;
    readonly grownMegabytes: number;
  } = JSON.parse(out);
  console.info(out.trim());
  for (const [name, { inputs, slowestMs }] of Object.entries(told.counts)) {
    expect(inputs, name).toBeGreaterThan(0);
    expect(slowestMs, name).toBeLessThan(name === 'parquet' || name === 'docx' || name === 'pdf' ? 60_000 : 10_000);
  }
  expect(told.grownMegabytes).toBeLessThan(256);
});
