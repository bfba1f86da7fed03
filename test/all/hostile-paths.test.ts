/** F3: names and addresses inside files lead nowhere. The whole data step is traced: no canary is opened, nothing is written outside. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { tarMember, zipOf } from '../../packages/octavo/src/data/extract/formats.test-support.js';
import { readItems } from '../../packages/octavo/src/data/label/interchange.js';
import { readSettings } from '../../packages/octavo/src/data/label/kinds.js';
import { readDocuments } from '../../packages/octavo/src/formats/parquet.js';
import { openCheckpoint } from '../../packages/octavo/src/training/checkpoint.js';
import { octavo } from './support/data-project.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'octavo-hostile-paths-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const project = join(root, 'project');
const temporary = join(root, 'tmp');
const canary = join(root, 'canary', 'secret.txt');
for (const folder of [project, temporary, join(root, 'canary')]) mkdirSync(folder);
writeFileSync(canary, 'What nobody may read. '.repeat(40));

const hasTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
if (!hasTrace) console.warn('skipped: files counted, because there is no strace (apt-get install strace)');

/** Ways to name the canary, or to write beside it, from wherever a reader may stand. */
const fromHere = Array.from({ length: 12 }, (_, depth) => '../'.repeat(depth + 1));
const wanted = [...fromHere.map((up) => `${up}canary/secret.txt`), ...fromHere.map((up) => `${up}${canary.slice(1)}`)];
const tricks = [
  canary,
  `/${canary}`,
  `//localhost${canary}`,
  ...wanted,
  ...wanted.map((path) => `a/${path}`).slice(0, 12),
  ...wanted.map((path) => `./${path}`).slice(0, 6),
  ...wanted.map((path) => path.replaceAll('/', '\\')).slice(0, 6),
  ...wanted.map((path) => path.replaceAll('../', '..//')).slice(0, 6),
  ...wanted.map((path) => path.replaceAll('../', '.../')).slice(0, 4),
  ...wanted.map((path) => path.replaceAll('../', '....//')).slice(0, 4),
  ...wanted.map((path) => path.replaceAll('..', '%2e%2e')).slice(0, 6),
  ...wanted.map((path) => path.replaceAll('../', '..%2f')).slice(0, 6),
  ...wanted.map((path) => path.replaceAll('../', '..;/')).slice(0, 5),
  ...wanted.map((path) => path.replaceAll('../', '．．／')).slice(0, 5),
  ...wanted.map((path) => path.replaceAll('../', '\u00c0\u00ae\u00c0\u00ae/')).slice(0, 5),
  ...wanted.map((path) => `a.txt\0/${path}`).slice(0, 4),
  ...wanted.map((path) => `${path}\0.txt`).slice(0, 4),
  ...wanted.map((path) => `${'a/'.repeat(400)}${'../'.repeat(400)}${path}`).slice(0, 4),
  `file://${canary}`,
  `file:${canary}`,
  `FILE:///${canary}`,
  `/proc/self/root${canary}`,
  `/proc/self/cwd/../canary/secret.txt`,
  '/dev/fd/0',
  '/dev/stdin',
  '~/../..',
  `C:${canary}`,
  'C:\\secret.txt',
  '\\\\?\\C:\\secret.txt',
  'con.txt',
  'a/./../../canary/secret.txt',
  '..',
  '../',
  '.',
  '/',
  `\`cat ${canary}\``,
  `$(cat ${canary}).txt`,
  `| cat ${canary}`,
];

const sentence = (n: number) =>
  `On day ${n * 7} of ${1700 + n} the ${['harbour', 'bridge', 'market'][n % 3]} was painted by ${n + 2} people.`;
const prose = (n: number) => Array.from({ length: 12 }, (_, m) => sentence(n + 100 * m)).join('\n');
const xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('\0', '');

/** A tar whose members have these names: files, links to the canary, and files that lie under such a link. */
const tar = Buffer.concat([
  ...tricks.flatMap((name, at) => [
    ...(Buffer.byteLength(name) > 99 ? [tarMember('././@LongLink', `${name}\0`, 'L')] : []),
    tarMember(Buffer.from(name).subarray(0, 99).toString('latin1'), prose(at)),
  ]),
  ...['1', '2', '3', '4', '6'].map((kind) => {
    const member = tarMember(`link${kind}`, '', kind);
    member.write(canary.slice(0, 99), 157);
    member.write('        ', 148);
    const sum = member.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    member.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return Buffer.concat([member, tarMember(`link${kind}/under.txt`, prose(600))]);
  }),
  tarMember('pax', `${String(canary.length + 20).length + canary.length + 7} path=${canary}\n`.slice(0, 400), 'x'),
  tarMember('honest.txt', prose(700)),
  Buffer.alloc(1024),
]);
const zip = zipOf(Object.fromEntries(tricks.map((name, at) => [name, prose(at)])));
const epub = zipOf({
  mimetype: 'application/epub+zip',
  'META-INF/container.xml': '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>',
  'b.opf': `<package><manifest>${tricks.map((name, at) => `<item id="i${at}" href="${xml(name)}" media-type="text/html"/>`).join('')}<item id="h" href="h.html" media-type="text/html"/></manifest><spine><itemref idref="h"/>${tricks.map((_, at) => `<itemref idref="i${at}"/>`).join('')}</spine></package>`,
  'h.html': `<p>${prose(800)}</p>`,
});
const docx = zipOf({
  '[Content_Types].xml':
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
  '_rels/.rels':
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
  'word/_rels/document.xml.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${tricks.map((name, at) => `<Relationship Id="i${at}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="${xml(name)}"${at % 2 ? ' TargetMode="External"' : ''}/>`).join('')}</Relationships>`,
  'word/document.xml': `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"><w:body><w:p><w:r><w:t>${sentence(900)}</w:t></w:r></w:p>${tricks.map((_, at) => `<w:p><w:r><w:drawing><wp:inline><a:graphic><a:graphicData><a:blip r:${at % 2 ? 'link' : 'embed'}="i${at}"/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>`).join('')}</w:body></w:document>`,
});
const entities = tricks
  .map((name, at) => `<!ENTITY e${at} SYSTEM "${xml(name)}"><!ENTITY % p${at} SYSTEM "${xml(name)}"> %p${at};`)
  .join('');
const html = `<html><head>${tricks.map((name) => `<base href="${xml(name)}"><link rel=stylesheet href="${xml(name)}">`).join('')}</head><body><p>${prose(1000)}</p>${tricks.map((name) => `<iframe src="${xml(name)}"></iframe><img src="${xml(name)}"><object data="${xml(name)}"></object>`).join('')}</body></html>`;
const record = (url: string) => {
  const block = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nLocation: ${url}\r\n\r\n<p>${prose(1100)}</p>`;
  return `WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: ${url}\r\nWARC-Filename: ${url}\r\nContent-Length: ${Buffer.byteLength(block)}\r\n\r\n${block}\r\n\r\n`;
};
const files: Readonly<Record<string, string | Uint8Array>> = {
  'in.tar': tar,
  'in.tar.gz': gzipSync(tar),
  'in.zip': zip,
  'in.epub': epub,
  'in.docx': docx,
  'in.xml': `<!DOCTYPE r [${entities}]><r><text>${prose(1200)}</text>${tricks.map((name, at) => `<text xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="${xml(name)}" parse="text"/>&e${at};</text>`).join('')}</r>`,
  'in.html': html,
  'in.jsonl': tricks
    .map((name, at) => JSON.stringify({ text: prose(1300 + at), id: name, url: name, path: name, include: name }))
    .join('\n'),
  'in.csv': `text,url\n${tricks.map((name, at) => `"${prose(1500 + at)}","${name.replaceAll('"', '""')}"`).join('\n')}`,
  'in.warc': tricks.map(record).join(''),
  'in.rss': `<rss version="2.0"><channel>${tricks.map((name, at) => `<item><guid>${xml(name)}</guid><title>${xml(name)}</title><link>${xml(name)}</link><description>${prose(1700 + at)}</description><enclosure url="${xml(name)}"/></item>`).join('')}</channel></rss>`,
  'in.md': tricks.map((name) => `![x](${name}) <!--#include file="${name}"-->`).join('\n') + prose(1900),
};

it.skipIf(!hasTrace)(
  `${tricks.length} names of a file outside, in archives, books, pages, dumps and feeds: it is never opened, and nothing is written outside`,
  () => {
    expect(new Set(tricks).size).toBeGreaterThanOrEqual(120);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(project, name), content);
    for (let n = 0; n < 30; n++) writeFileSync(join(project, `plain-${n}.txt`), prose(2000 + n));
    // A link in the folder of a source is not followed.
    symlinkSync(canary, join(project, 'link.txt'));
    const named = Object.keys(files).filter((name) => !/warc|rss/.test(name));
    writeFileSync(
      join(project, 'octavo.yaml'),
      `data:\n  sources: ['*.txt', ${named.join(', ')}, 'warc:in.warc', 'feed:in.rss']\n  chat: { families: [addition] }\n  clean: { nearDuplicates: false }\ntokenizer: { vocabularySize: 512 }\nplan: { budget: 1m }\n`,
    );
    const trace = join(root, 'trace');
    const args = ['-f', '--seccomp-bpf', '-e', 'trace=%file', '-o', trace, process.execPath, octavo, 'data'];
    const { status, stderr } = spawnSync('strace', args, {
      cwd: project,
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: temporary, HOME: join(root, 'home') },
    });
    expect(status, stderr.slice(-2000)).toBe(0);
    const calls = readFileSync(trace, 'utf8').split('\n');
    expect(calls.length).toBeGreaterThan(1000);
    expect(calls.filter((line) => line.includes('canary'))).toEqual([]);
    const writes =
      /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|\b(rename|unlink|mkdir|rmdir|link|symlink|truncate|chmod|chown|mknod)(at2?)?\(/;
    const outside = calls
      .filter((line) => writes.test(line) && !/ = -1 E/.test(line))
      .flatMap((line) => [...line.matchAll(/"([^"]*)"/g)].map(([, path = '']) => resolve(project, path)))
      .filter(
        (path) => ![`${project}/`, `${temporary}/`, '/dev/', '/proc/self/'].some((place) => path.startsWith(place)),
      );
    expect(outside).toEqual([]);
    // The control: the readers did read, and the honest members came through.
    const summary: unknown = JSON.parse(
      readFileSync(join(project, 'runs/main/artifacts/collect/summary.json'), 'utf8'),
    );
    console.info(JSON.stringify(summary).slice(0, 600));
    expect(Number(Object(summary).documents)).toBeGreaterThan(4 * tricks.length);
    expect(Number(Object(summary).rejected)).toBeGreaterThan(100);
  },
);

it('a device or a pipe in the place of a file of a run, or of labels, is refused, not read for ever', async () => {
  const folder = join(root, 'run');
  mkdirSync(folder);
  const at = (name: string) => join(folder, name);
  symlinkSync('/dev/zero', at('manifest.json'));
  expect(() => openCheckpoint(folder)).toThrowError('its manifest.json is absent or malformed');
  symlinkSync('/dev/zero', at('documents.parquet'));
  writeFileSync(at('documents.parquet.sha256'), `${'0'.repeat(64)}  documents.parquet\n`);
  await expect(readDocuments(at('documents.parquet'), { columns: { id: 'text' } }).next()).rejects.toThrowError(
    'cannot be read [TABLE_CORRUPT]',
  );
  spawnSync('mkfifo', [at('labels.jsonl'), at('labels.json')]);
  const settings = readSettings({ kind: 'classification', labels: ['a'] }, 'a');
  for (const [name, format] of [
    ['labels.jsonl', 'jsonl'],
    ['labels.json', 'label-studio'],
  ] as const) {
    const project = { id: 'p', settings, createdMs: 0 };
    const read = async () => {
      for await (const _ of readItems(at(name), project, { format, textField: 'text', annotator: 'x' })) break;
    };
    await expect(read()).rejects.toThrowError('this is no regular file [LABEL_FORMAT]');
  }
});
