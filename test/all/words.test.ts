// Words, parts of speech and lemmas beside treebanks, stems beside Snowball's own program, columns of a run cut off and gone on with.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { writeColumns } from '../../packages/octavo/src/data/columns/columns.js';
import { columnsSection } from '../../packages/octavo/src/data/columns/fields.js';
import { prose } from '../../packages/octavo/src/data/step.test-support.js';
import { readDocuments, writeDocuments } from '../../packages/octavo/src/formats/index.js';
import { analyserOf, stemmerOf } from '../../packages/octavo/src/text/index.js';

interface Word {
  readonly form: string;
  readonly lemma: string;
  readonly pos: string;
}
interface Sentence {
  readonly text: string;
  /** By `from-to` in the text. */
  readonly words: ReadonlyMap<string, Word>;
}

/** Sentences of a CoNLL-U file. The parts of a contraction are words where they stand in the text as they are written. */
function treebank(path: string): readonly Sentence[] {
  return gunzipSync(readFileSync(path))
    .toString()
    .split('\n\n')
    .filter((block) => block.trim() !== '')
    .map((block) => {
      const text = /^# text = (.*)$/m.exec(block)?.[1] ?? '';
      const words = new Map<string, Word>();
      let at = 0;
      for (const line of block.split('\n')) {
        const [id = '', form = '', lemma = '', pos = ''] = line.split('\t');
        if (!/^\d+$/.test(id)) continue;
        const from = text.indexOf(form, at);
        if (from < 0 || from > at + 3) continue;
        at = from + form.length;
        words.set(`${from}-${at}`, { form, lemma, pos });
      }
      return { text, words };
    });
}

function measure(language: string, sentences: readonly Sentence[]) {
  const analyse = analyserOf(language);
  const sum = { gold: 0, found: 0, both: 0, pos: 0, lemma: 0 };
  for (const { text, words: gold } of sentences) {
    const { words, pos = [], lemmas = [] } = analyse(text);
    sum.gold += gold.size;
    sum.found += words.length;
    let at = 0;
    for (const [n, word] of words.entries()) {
      const from = text.indexOf(word, at);
      at = from + word.length;
      const own = gold.get(`${from}-${at}`);
      if (own === undefined) continue;
      sum.both++;
      sum.pos += Number(own.pos === pos[n]);
      sum.lemma += Number(own.lemma.toLowerCase() === lemmas[n]?.toLowerCase());
    }
  }
  const { gold, found, both } = sum;
  return { words: (2 * both) / (gold + found), pos: sum.pos / both, lemma: sum.lemma / both };
}

const gold = process.env.OCTAVO_GOLD ?? '';
const hasGold = existsSync(join(gold, 'ud-pud'));
if (!hasGold)
  process.stderr.write(
    'SKIPPED: the treebanks are absent; OCTAVO_GOLD names the folder that holds ud-*/ (docs/data.md)\n',
  );

describe.skipIf(!hasGold)('treebanks', () => {
  // Words: F1 of spans. Parts of speech and lemmas: of the words that both cut alike, lemmas in small letters.
  it.each([
    ['en', 'ud-english-ewt/en_ewt-ud-test', { words: 0.97, pos: 0.89, lemma: 0.96 }],
    ['en', 'ud-pud/en_pud-ud-test', { words: 0.995, pos: 0.92, lemma: 0.96 }],
    ['zh', 'ud-chinese-gsdsimp/zh_gsdsimp-ud-test', { words: 0.79, pos: 0.77, lemma: 0.99 }],
  ])('%s %s is analysed as well as measured', (language, name, least) => {
    const found = measure(language, treebank(join(gold, `${name}.conllu.gz`)));
    process.stderr.write(`${name}: ${JSON.stringify(found)}\n`);
    expect(found.words).toBeGreaterThan(least.words);
    expect(found.pos).toBeGreaterThan(least.pos);
    expect(found.lemma).toBeGreaterThan(least.lemma);
  });
});

const sudo = process.getuid?.() === 0 ? [] : ['sudo'];
const hasStemwords = (): boolean => spawnSync('stemwords', ['-h']).error === undefined;
if (!hasStemwords()) {
  const [command = '', ...rest] = [...sudo, 'apt-get', 'install', '-y', '-qq', 'libstemmer-tools'];
  spawnSync(command, rest, { stdio: 'ignore' });
}
if (!hasStemwords()) process.stderr.write('SKIPPED: stemwords of the package libstemmer-tools is absent\n');

/** Words made of beginnings and endings, whether there are such words or not. */
const endings: Readonly<Record<string, { readonly roots: string; readonly ends: string }>> = {
  en: {
    roots: 'relat nation generous hop fli happi argu activ conform organ electric adjust replac commun skat univers',
    ends: ' e ed es ing ings ion ional ionally ation ations izer ly ness ful fulness able ible ment ments al ally ive iveness ous ously ity s y ies ied',
  },
  de: {
    roots: 'haus kind frei schön groß arbeit nation aufeinander mögl lehr übung straß',
    ends: ' e em en er ern es s st est et heit keit lich lichkeit ig igkeit ung ungen isch end bar barkeit te ten',
  },
  es: {
    roots: 'nacion trabaj habl rápid com viv orden alegr posibl amig continu',
    ends: ' a o as os ar er ir ando iendo ado ida aron ieron amiento amente mente idad ivo iva ación aciones able ible ista aríamos',
  },
  fr: {
    roots: 'nation travail parl rapid mang continu posit amic activ majest chang',
    ends: ' e es er ons ez ent ant ement ements ation ations ité ités if ive euse eux issement able iste amment eraient',
  },
  ru: {
    roots: 'красив работ говор книг народ больш важн',
    ends: ' а о ы и у ой ый ая ое ые ого ому ами ях ость ости ать ить ал ила ившись ейший',
  },
};

describe.skipIf(!hasStemwords())('stems', () => {
  it.each(Object.keys(endings))('of %s are those of Snowball', (language) => {
    const { roots, ends } = endings[language];
    const words = roots.split(' ').flatMap((root) => ends.split(' ').map((end) => root + end));
    const theirs = execFileSync('stemwords', ['-l', language], { input: `${words.join('\n')}\n`, encoding: 'utf8' });
    const stem = stemmerOf(language);
    expect(words.map((word) => stem?.(word))).toEqual(theirs.trimEnd().split('\n'));
  });
});

describe('columns of a run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octavo-columns-'));
  afterAll(() => rm(folder, { recursive: true }));
  const from = join(folder, 'clean');
  const chinese = '我们在北京的大学学习自然语言处理，每天都读很多书。';
  const documents = Array.from({ length: 300 }, (_, n) => ({
    id: `d/${n}`,
    text: n % 10 === 0 ? chinese.repeat(3) : prose(n),
  }));
  await mkdir(from);
  await writeDocuments(join(from, 'documents.parquet'), { columns: { id: 'text', text: 'text' } }, documents);
  const counts = { documentsIn: 300, kept: 300, dropped: 0, droppedByReason: {}, changes: {}, sources: [] };
  // Claimed to be long, so that there are many shards.
  await writeFile(join(from, 'summary.json'), JSON.stringify({ ...counts, bytesIn: 1e9, bytesKept: 1e8 }));
  const place = (name: string, signal = new AbortController().signal) => ({
    section: columnsSection.parse({ vectors: { size: 10 } }),
    cacheFolder: join(folder, `cache-${name}`),
    from,
    folder: join(folder, name),
    signal,
  });
  const bytesOf = (name: string) =>
    Promise.all(['columns.parquet', 'word-vectors.txt'].map((file) => readFile(join(folder, name, file))));

  it('have a row for each document in order, and an item for each word', async () => {
    const summary = await writeColumns(place('whole'), () => {});
    expect(summary).toMatchObject({ documents: 300, languages: { en: 270, zh: 30 } });
    const columns = {
      id: 'text',
      words: 'texts',
      stopwords: 'flags?',
      stems: 'texts?',
      lemmas: 'texts?',
      pos: 'texts?',
      vector: 'numbers?',
    } as const;
    const rows = [];
    for await (const batch of readDocuments(join(folder, 'whole/columns.parquet'), { columns })) rows.push(...batch);
    expect(rows.map(({ id }) => id)).toEqual(documents.map(({ id }) => id));
    for (const [n, { words, stopwords, stems, lemmas, pos, vector }] of rows.entries()) {
      expect([stopwords?.length, lemmas?.length, pos?.length]).toEqual(Array(3).fill(words.length));
      expect(stems?.length).toBe(n % 10 === 0 ? undefined : words.length);
      expect(Math.hypot(...(vector ?? []))).toBeCloseTo(1, 5);
      expect(words.join('')).toBe(documents[n]?.text.replaceAll(' ', ''));
    }
    const before = await bytesOf('whole');
    // Nothing is to be done: the same summary, at once.
    expect(await writeColumns(place('whole', AbortSignal.abort()), () => {})).toEqual(summary);
    expect(await bytesOf('whole')).toEqual(before);
  });

  it('are the same bytes when it was stopped at any place, or two work on it', async () => {
    const whole = await bytesOf('whole');
    for (let stopAt = 20; ; stopAt += 290) {
      const stop = new AbortController();
      const outcome = await writeColumns(place('stopped', stop.signal), (done) => done >= stopAt && stop.abort()).catch(
        (error: unknown) => (stop.signal.aborted ? undefined : Promise.reject(error)),
      );
      if (outcome !== undefined) break;
    }
    expect(await bytesOf('stopped')).toEqual(whole);
    const two = await Promise.all([writeColumns(place('two'), () => {}), writeColumns(place('two'), () => {})]);
    expect(two.filter((summary) => summary !== undefined).length).toBeGreaterThan(0);
    expect(await bytesOf('two')).toEqual(whole);
  });
});
