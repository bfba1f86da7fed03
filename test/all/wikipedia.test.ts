/** A real dump, as the package gensim of PyPI carries it for its own tests: 206 pages of the English Wikipedia of 2016, in bzip2. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { zipMembers } from '../../packages/octavo/src/data/extract/zip.js';
import { readSource } from '../../packages/octavo/src/data/sources/source.test-support.js';
import { artifacts, dataProjects, seededRandom } from './support/data-project.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-wikipedia-'));
const random = seededRandom();
const { make, copy, start, finished } = dataProjects();
const english = 'enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2';
let silent: string | undefined;

beforeAll(() => {
  // Any Python fetches the wheel: nothing of it runs.
  const wheel = [
    '--no-deps',
    '--only-binary',
    ':all:',
    '--python-version',
    '3.11',
    '--platform',
    'manylinux_2_28_x86_64',
  ];
  const { status } = spawnSync('python3', ['-m', 'pip', 'download', '-q', ...wheel, '-d', folder, 'gensim==4.4.0']);
  const [name] = readdirSync(folder).filter((one) => one.endsWith('.whl'));
  if (status !== 0 || name === undefined) {
    silent = 'pip of python3 cannot fetch gensim 4.4.0 from PyPI';
    return;
  }
  for (const { path, read } of zipMembers(readFileSync(join(folder, name))))
    if (/test_data\/.*wiki.*\.bz2$/.test(path)) writeFileSync(join(folder, basename(path)), read());
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('gives its articles as text without markup', async ({ skip }) => {
  if (silent !== undefined) return skip(silent);
  const { documents, rejected, counts } = await readSource(
    { from: `wikipedia:${english}`, windowBytes: 1_048_576 },
    { folder },
  );
  expect({ documents: documents.length, rejected, counts }).toEqual({
    documents: 106,
    rejected: [],
    counts: { redirect: 99, namespace: 1 },
  });
  // TeX and code may hold anything.
  const text = documents.map((one) => one.text.replaceAll(/```[\s\S]*?```|\$[^\n]*\$|`[^`\n]*`/g, '')).join('\n');
  expect(text.length).toBeGreaterThan(2_900_000);
  expect(
    text.match(/\[\[|\]\]|\{\{|\}\}|''|\{\||\|\}|<\/?[a-z][^<>\n]*>|&[a-z#0-9]+;|\[https?:|__[A-Z]+__/gi) ?? [],
  ).toEqual([]);
  expect(documents[0]).toMatchObject({
    url: 'https://en.wikipedia.org/wiki/Anarchism',
    time: '2016-04-22T10:19:33Z',
    licence: 'CC-BY-SA-4.0',
    text: expect.stringMatching(/^Anarchism is a political philosophy that advocates/),
  });
  // In UTF-16, with names of namespaces in Bulgarian.
  const bulgarian = await readSource({ from: 'wikipedia:bgwiki-latest-pages-articles-shortened.xml.bz2' }, { folder });
  expect(bulgarian.documents[0]?.text).toMatch(/^Григорианският календар \(понякога наричан и Грегориански календар/);
  expect(bulgarian.counts).toEqual({ namespace: 2 });
});

it('is collected to the same bytes after kills', async ({ skip }) => {
  if (silent !== undefined) return skip(silent);
  const project = make('');
  mkdirSync(join(project, 'dumps'));
  writeFileSync(join(project, 'dumps', english), readFileSync(join(folder, english)));
  const collect = ['run', '--until', 'collect', '--set', `data.sources=["wikipedia:dumps/${english}"]`];
  const killed = copy(project, 'killed');
  const startedMs = performance.now();
  await finished(project, ...collect);
  const wholeMs = performance.now() - startedMs;
  let kills = 0;
  for (let turn = 0; kills < 4 && turn < 6; turn++) {
    const { child, ended } = start(killed, ...collect);
    await sleep(random() * wholeMs);
    child.kill('SIGKILL');
    const { code, said } = await ended;
    if (code === null) kills++;
    else expect(code, said).toBe(0);
  }
  await finished(killed, ...collect);
  expect(kills).toBeGreaterThan(0);
  expect(artifacts(killed, 'collect')).toEqual(artifacts(project, 'collect'));
});
