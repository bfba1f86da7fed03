import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyserOf } from './analyser-of.js';
import { partsOfSpeech } from './analysis.js';
import { pairCounts } from './pair-counts.js';
import { loadPeers } from './peer.js';
import { singularVectors } from './singular-vectors.js';
import { stemmerOf } from './stem.js';
import { stopWordsOf } from './stop-words.js';
import { documentVector, trainWordVectors, vectorLines } from './word-vectors.js';

const beside = (language: string, text: string): string => {
  const { words, lemmas = [], pos = [] } = analyserOf(language)(text);
  return words.map((word, at) => `${word}/${pos[at] ?? ''}/${lemmas[at] ?? ''}`).join(' ');
};

describe('words', () => {
  it('of English have parts of speech and lemmas, one each', () => {
    expect(beside('en', "Mr. Smith's dogs weren't running.\n\nShe said: “Never again.”")).toBe(
      "Mr./PROPN/mr. Smith/PROPN/smith 's/PART/'s dogs/NOUN/dog were/AUX/be n't/PART/not running/VERB/run ./PUNCT/. " +
        'She/PRON/she said/VERB/say :/PUNCT/: “/PUNCT/“ Never/ADV/never again/ADV/again ./PUNCT/. ”/PUNCT/”',
    );
  });

  it('of Chinese are found without spaces', () => {
    expect(beside('zh', '我爱北京天安门，1949年。')).toBe(
      '我/PRON/我 爱/VERB/爱 北京/PROPN/北京 天安门/PROPN/天安门 ，/PUNCT/， 1949/NUM/1949 年/NOUN/年 。/PUNCT/。',
    );
  });

  it('of any text stand in it in order, never blank', () => {
    for (const language of ['en', 'zh', 'de', '']) {
      const analyse = analyserOf(language);
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
          const { words, pos } = analyse(text);
          let at = 0;
          for (const word of words) {
            expect(word).toMatch(/\S/);
            const found = text.indexOf(word, at);
            expect(found).toBeGreaterThanOrEqual(at);
            at = found + word.length;
          }
          if (pos !== undefined) expect(pos.every((tag) => partsOfSpeech.includes(tag))).toBe(true);
        }),
        { numRuns: 50 },
      );
    }
  });

  it('are stemmed by Snowball, and stop words told', () => {
    const stem = stemmerOf('en');
    expect(['running', 'Relational', 'generously', 'skies', 'dying'].map((word) => stem?.(word))).toEqual([
      'run',
      'relat',
      'generous',
      'sky',
      'die',
    ]);
    expect(stemmerOf('de')?.('aufeinanderschlügen')).toBe('aufeinanderschlug');
    expect(stemmerOf('zh')).toBeUndefined();
    const [en, zh, none] = ['en', 'zh', 'xx'].map((language) => stopWordsOf(language));
    expect(['The', 'isn’t', 'whale', "n't"].map((word) => en?.(word))).toEqual([true, false, false, true]);
    expect(['的', '鲸'].map((word) => zh?.(word))).toEqual([true, false]);
    expect(none?.('the')).toBe(false);
  });
});

it('say what is to be installed', () => {
  expect(() => loadPeers(['wink-nlp', 'stopwords-iso'], '/absent')).toThrow(
    expect.objectContaining({
      code: 'PACKAGE_ABSENT',
      remedy: 'npm install wink-nlp@2.4.0 stopwords-iso@1.1.0',
    }),
  );
});

describe('word vectors', () => {
  it('are singular vectors: U S^½ of a matrix whose values are known', () => {
    // Diagonal 9, 4, 1 in a rotated order: vectors are ± unit vectors times 3, 2, 1.
    const pairs = pairCounts(3);
    pairs.add(0, 0, 4);
    pairs.add(1, 1, 9);
    pairs.add(2, 2, 1);
    const found = Array.from(singularVectors(pairs.toSparse(), 3), (value) => Math.abs(value));
    expect(found.map((value) => Number(value.toFixed(5)))).toEqual([0, 2, 0, 3, 0, 0, 0, 0, 1]);
  });

  it('count pairs exactly while they fit, and forget the rarest beyond', () => {
    const pairs = pairCounts(300, 1 << 16);
    for (let n = 0; n < 300; n++) for (let m = 0; m < 300; m++) pairs.add(n, m, n === m ? 5 : 0.5);
    const { starts, columns, values } = pairs.toSparse();
    expect(columns.length).toBeLessThan(0.71 * (1 << 16));
    for (let n = 0; n < 300; n++) {
      const row = columns.subarray(starts[n], starts[n + 1]);
      expect(values[(starts[n] ?? 0) + row.indexOf(n)]).toBe(5);
    }
  });

  it('set words of one kind of text apart from those of another, in the same bits each time', async () => {
    const [sea, land] = ['whale ship sea sail storm', 'wheat field plough farm horse'].map((words) => words.split(' '));
    let state = 1;
    const one = (words: readonly string[] = []): readonly string[] =>
      Array.from({ length: 20 }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return words[state % 7 === 0 ? 0 : (state >>> 8) % words.length] ?? '';
      }).concat('.');
    const documents = Array.from({ length: 40 }, (_, n) => one(n % 2 === 0 ? sea : land));
    const corpus = async function* () {
      yield* documents;
    };
    const options = { size: 4, window: 3, minCount: 2, mostWords: 50 };
    const vectors = await trainWordVectors(corpus, options);
    expect(await trainWordVectors(corpus, options)).toEqual(vectors);
    expect([...vectors.words].sort()).toEqual([...(sea ?? []), ...(land ?? [])].sort());
    const vectorOf = documentVector(vectors);
    const alike = (a: readonly string[] = [], b: readonly string[] = []): number => {
      const [x = [], y = []] = [vectorOf(a), vectorOf(b)];
      return x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0);
    };
    expect(alike(['Whale', 'sea'], ['ship', 'storm'])).toBeGreaterThan(0.8);
    expect(alike(['whale', 'sea'], ['wheat', 'farm'])).toBeLessThan(0.3);
    expect(vectorOf(['unknown', '.'])).toBeUndefined();
    const lines = [...vectorLines(vectors)];
    expect(lines[0]).toBe('10 4\n');
    expect(lines[1]).toMatch(/^\w+( -?\d[\d.e-]*){4}\n$/);
    expect(
      lines[1]
        ?.trim()
        .split(' ')
        .slice(1)
        .map((text) => Math.fround(Number(text))),
    ).toEqual([...vectors.values.slice(0, 4)].map((value) => Math.fround(Number(value.toPrecision(7)))));
  });
});
