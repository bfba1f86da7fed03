import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { prose } from '../step.test-support.js';
import { boilerplate, boilerplateFields, hashesOf, lineCounts } from './boilerplate.js';
import { characterModel } from './character-model.js';
import { alignedCopy } from './corpus-pass.js';
import { outlierFields, outliers, spread } from './outliers.js';

describe('boilerplate', () => {
  it('cuts out lines that many documents of one source have, and no other', () => {
    const lines = boilerplate(z.object(boilerplateFields).parse({}), 40);
    const page = (n: number) => `Home | About us | Contact\n\n${prose(n, 3)}\n\nCopyright by the authors\nShort`;
    for (const [from, to] of [
      [0, 12],
      [12, 20],
    ] as const) {
      const part = lines.pass.begin();
      for (let n = from; n < to; n++) part.observe('web', page(n));
      for (let n = from; n < Math.min(to, 9); n++) part.observe('books', page(n));
      lines.pass.take(part.lesson());
    }
    expect(lines.cut('web', page(3))).toEqual({ text: `${prose(3, 3)}\n\nShort`, lines: 2 });
    expect(lines.cut('books', page(3))).toEqual({ text: page(3), lines: 0 });
  });

  it('counts a line of one document once', () => {
    const lines = boilerplate(z.object(boilerplateFields).parse({}), 10);
    const part = lines.pass.begin();
    part.observe('a', 'Line by line by line\n'.repeat(50));
    lines.pass.take(part.lesson());
    expect(lines.cut('a', 'Line by line by line').lines).toBe(0);
  });

  it('never counts too few, and rarely too many', () => {
    const counts = lineCounts(100);
    for (let n = 0; n < 5000; n++) for (let times = 0; times <= n % 3; times++) counts.add(hashesOf('a', `${n}`));
    let over = 0;
    for (let n = 0; n < 5000; n++) {
      expect(counts.of('a', `${n}`)).toBeGreaterThanOrEqual((n % 3) + 1);
      if (counts.of('a', `${n}`) > (n % 3) + 1) over++;
    }
    expect(over).toBeLessThan(250);
  });
});

describe('outliers', () => {
  const rules = z.object(outlierFields).parse({});
  const corpus = Array.from({ length: 150 }, (_, n) => prose(n, 8 + (n % 5)));
  const odd: readonly (readonly [string, string])[] = [
    ['length', prose(7, 900)],
    ['symbols', prose(8, 8).replaceAll(' ', '#!$')],
    [
      'perplexity',
      Buffer.from(prose(9, 12))
        .toString('base64')
        .replaceAll(/[+/=]/g, 'x')
        .replaceAll(/(.{7})/g, '$1 '),
    ],
  ];

  /** In parts of seven; what was measured of the texts. */
  const observe = ({ passes }: ReturnType<typeof outliers>, texts: readonly string[], size = 7) => {
    let lessons: Uint8Array[] = [];
    for (const pass of passes) {
      lessons = [];
      for (let from = 0; from < texts.length; from += size) {
        const part = pass.begin();
        for (const text of texts.slice(from, from + size)) part.observe('', text);
        lessons.push(part.lesson());
      }
      for (const lesson of lessons) pass.take(lesson);
    }
    return new Float64Array(alignedCopy(Buffer.concat(lessons)));
  };

  it('are the same in whatever parts the corpus was seen, and whether or not they are measured again', () => {
    const all = [...corpus, ...odd.map(([, text]) => text)];
    const [parts, whole] = [outliers(rules), outliers(rules)];
    const values = observe(parts, all);
    expect(values).toEqual(observe(whole, all, all.length));
    const memory = ({ passes }: typeof parts) => passes.flatMap((pass) => pass.memory.map((one) => Buffer.from(one)));
    for (const [at, one] of memory(parts).entries())
      expect(one.equals(memory(whole)[at] ?? one.subarray(1))).toBe(true);
    for (const [at, text] of all.entries()) expect(parts.judge(text, { values, at })).toEqual(whole.judge(text));
  });

  it.each(['iqr', 'z-score'] as const)('are found by %s, with the rule that found them', (rule) => {
    const found = outliers(z.object(outlierFields).parse({ rule }));
    const all = [...corpus, ...odd.map(([, text]) => text)];
    observe(found, all);
    for (const [which, text] of odd) expect(found.judge(text)?.reason).toBe(`outlier.${which}`);
    expect(corpus.filter((text) => found.judge(text) !== undefined)).toEqual([]);
  });

  it('need enough documents to be told from', () => {
    const found = outliers(z.object(outlierFields).parse({}));
    observe(
      found,
      odd.map(([, text]) => text),
    );
    for (const [, text] of odd) expect(found.judge(text)).toBeUndefined();
  });

  it('are measured by quantiles from a histogram', () => {
    const values = spread(0, 10);
    for (let n = 0; n <= 1000; n++) values.add(n / 100);
    const [low, high] = values.bounds(z.object(outlierFields).parse({ iqrFactor: 0 }));
    expect(low).toBeCloseTo(2.5, 2);
    expect(high).toBeCloseTo(7.5, 2);
  });

  it('have a model whose probabilities add up to one', () => {
    const model = characterModel();
    model.learn('the whale and the sea');
    expect(model.perplexity('the sea')).toBeLessThan(model.perplexity('eht aes'));
    expect(model.perplexity('')).toBe(1);
    // Of the 65,536 a few share a place of the hashed table with a character that was seen; no Latin letter does.
    const next = Array.from({ length: 95 }, (_, n) => 1 / model.perplexity(String.fromCharCode(32 + n)));
    const sum = next.reduce((total, one) => total + one, 0);
    expect(sum).toBeGreaterThan(0.5);
    expect(sum).toBeLessThan(1.001);
  });
});
