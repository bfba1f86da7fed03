import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sha256 } from '../../project/index.js';
import { prose } from '../step.test-support.js';
import { judgeFields, judgeFiles, loadJudges } from './judges.js';
import { classifierOf, trainClassifier } from './quality-classifier.js';
import { phraseCounter } from './toxicity.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-judges-'));
afterAll(() => rmSync(folder, { recursive: true }));
const judges = (given: object) => loadJudges(z.object(judgeFields).parse(given), { projectFolder: folder, folder });

describe('language', () => {
  it.each([
    ['The crew of the ship had been at sea for nine weeks, and no whale had been seen by any of them.', 'en'],
    ['Seit neun Wochen war die Mannschaft des Schiffes auf See, und niemand hatte einen Wal gesehen.', 'de'],
    ["L'équipage du navire était en mer depuis neuf semaines, et personne n'avait vu de baleine.", 'fr'],
    ['这艘船的船员已经在海上航行了九个星期，没有人看见过鲸鱼。', 'zh'],
  ])('of %j is %s', async (text, language) => {
    expect((await judges({ languages: [language] })).language(text)).toBeUndefined();
    expect((await judges({ languages: ['es'] })).language(text)).toMatchObject({
      reason: 'language.other',
      detail: expect.stringMatching(`^${language} 0\\.\\d\\d$`),
    });
    expect((await judges({ languages: [language], minLanguageScore: 1 })).language(text)?.reason).toBe(
      'language.unsure',
    );
    expect((await judges({})).language(text)).toBeUndefined();
  });
});

describe('toxicity', () => {
  it('counts whole words and phrases, and ideographs anywhere', () => {
    const count = phraseCounter(['bad', 'very bad thing', 'c++ (old)', '坏', '']);
    expect(count('A BAD word, badly; a very bad  thing.')).toBe(2);
    expect(count('c++ (old) and 他很坏。')).toBe(2);
    expect(phraseCounter([])('bad')).toBe(0);
  });

  it('drops above maxWords, by lists of the package and of your own', async () => {
    writeFileSync(join(folder, 'own.txt'), 'grue\ntwisty passage\n');
    const { content } = await judges({ toxicity: { files: ['own.txt'], maxWords: 1 } });
    expect(content('A grue is near.')).toBeUndefined();
    expect(content('A grue is in a twisty passage.')).toEqual({
      reason: 'toxicity',
      detail: '2 words of the lists, 1 allowed',
    });
    expect((await judges({ toxicity: { languages: ['en'] } })).content(prose(1, 20))).toBeUndefined();
    await expect(judges({ toxicity: { languages: ['xx'] } })).rejects.toMatchObject({ code: 'DATA_SOURCE' });
    await expect(judges({ toxicity: { files: ['absent.txt'] } })).rejects.toMatchObject({ code: 'DATA_SOURCE' });
  });
});

describe('the classifier of quality', () => {
  const advert = (n: number) =>
    `Buy ${prose(n, 1)} now!!! Click here for $${n}, best price, free shipping, order today!`;

  it('tells what it was shown, says how well on what it was not, and is saved', async () => {
    writeFileSync(
      join(folder, 'good.jsonl'),
      Array.from({ length: 100 }, (_, n) => JSON.stringify({ text: prose(n, 4) })).join('\n'),
    );
    writeFileSync(join(folder, 'bad.txt'), Array.from({ length: 60 }, (_, n) => advert(n)).join('\n\n'));
    const given = { classifier: { good: ['good.jsonl'], bad: ['bad.txt'] } };
    const { content, trained } = await judges(given);
    expect(trained).toMatchObject({ examples: 144, heldOut: 16, accuracy: 1 });
    expect(content(prose(5000, 4))).toBeUndefined();
    expect(content(advert(5000))?.reason).toBe('quality');
    const bytes = readFileSync(join(folder, 'quality.f32'));
    expect(trained?.['sha256']).toBe(sha256(bytes));
    const again = classifierOf(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
    expect(again.score(advert(5001))).toBeLessThan(0.5);
    expect(again.score(prose(5001, 4))).toBeGreaterThan(0.5);
    expect((await judges(given)).trained).toEqual(trained);
    expect(judgeFiles(z.object(judgeFields).parse(given))).toEqual(['good.jsonl', 'bad.txt']);
  });

  it('refuses too few examples, and files that hold none', async () => {
    await expect(judges({ classifier: true })).rejects.toMatchObject({ code: 'DATA_TOO_SMALL' });
    writeFileSync(join(folder, 'broken.jsonl'), '{"title":"x"}\n');
    await expect(judges({ classifier: { good: ['broken.jsonl'] } })).rejects.toMatchObject({ code: 'DATA_SOURCE' });
  });

  it('is even-handed on texts without words', () => {
    expect(
      trainClassifier([
        { text: '', isGood: true },
        { text: '', isGood: false },
      ]).score(''),
    ).toBeCloseTo(0.5, 1);
  });
});
