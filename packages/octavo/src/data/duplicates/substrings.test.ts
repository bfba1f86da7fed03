import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repeatedSpans } from '../../text/index.js';
import { prose } from '../step.test-support.js';
import { cutSpans, type Spans, substringSearch } from './substrings.js';

/** What the spans are by definition: places whose next `least` bytes begin earlier as well, both inside their documents. */
function plainly(texts: readonly string[], least: number): readonly boolean[] {
  const all = Buffer.from(texts.join(''));
  const endOf = texts.flatMap((text, n) => {
    const end = texts.slice(0, n + 1).reduce((sum, one) => sum + Buffer.byteLength(one), 0);
    return Array.from(Buffer.from(text), () => end);
  });
  const covered = Array.from(all, () => false);
  for (let at = 0; at < all.length; at++) {
    let best = 0;
    for (let before = 0; before < at; before++) {
      let same = 0;
      while (
        at + same < (endOf[at] ?? 0) &&
        before + same < (endOf[before] ?? 0) &&
        all[at + same] === all[before + same]
      )
        same++;
      best = Math.max(best, same);
    }
    if (best >= least) covered.fill(true, at, at + best);
  }
  return covered;
}

describe('repeatedSpans', () => {
  it('are what comparing all places with all earlier ones gives', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 40 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 6 }), (texts, least) => {
        let sum = 0;
        const ends = Uint32Array.from(texts, (one) => (sum += one.length));
        const spans = repeatedSpans(Buffer.from(texts.join('')), { ends, least });
        const covered = Array.from({ length: sum }, () => false);
        for (let n = 0; n < spans.length; n += 2) covered.fill(true, spans[n], spans[n + 1]);
        const plain = plainly(texts, least);
        // Of two earlier places with equal reach the native search may see the one whose document ends sooner.
        for (const [at, is] of covered.entries()) if (is) expect(plain[at]).toBe(true);
        if (texts.length === 1) expect(covered).toEqual(plain);
      }),
      { numRuns: 400 },
    );
  });

  it('refuse ends that do not fit', () => {
    expect(() => repeatedSpans(Buffer.from('abc'), { ends: Uint32Array.of(2), least: 1 })).toThrow(/do not fit/);
    expect(repeatedSpans(Buffer.alloc(0), { ends: Uint32Array.of(), least: 1 })).toHaveLength(0);
  });

  it('take time in proportion to the text, whatever it is', () => {
    for (const part of ['a', 'ab', prose(1, 1)]) {
      const bytes = Buffer.from(part.repeat(400_000 / part.length));
      const startedMs = performance.now();
      expect(repeatedSpans(bytes, { ends: Uint32Array.of(bytes.length), least: 200 }).length).toBe(2);
      expect(performance.now() - startedMs).toBeLessThan(3000);
    }
  });
});

describe('substringSearch', () => {
  it('finds planted passages, over blocks of several documents, and cuts whole words out', () => {
    const passage = prose(999, 6);
    const texts = Array.from({ length: 30 }, (_, n) =>
      n % 10 === 3 ? `${prose(n, 5)} ${passage} ${prose(n + 100, 5)}` : prose(n, 10),
    );
    const found = new Map<number, Spans>();
    const search = substringSearch({ minBytes: 150, blockBytes: 1 << 20 }, (document, spans) =>
      found.set(document, spans),
    );
    for (const [n, text] of texts.entries()) search.add(n, text);
    search.finish();
    expect([...found.keys()]).toEqual([13, 23]);
    for (const [document, spans] of found) {
      const left = cutSpans(texts[document] ?? '', spans);
      expect(left).not.toContain(passage.slice(30, -30));
      expect(left.startsWith(prose(document, 5).slice(0, -8))).toBe(true);
      expect(left.endsWith(prose(document + 100, 5).slice(8))).toBe(true);
    }
  });

  it('needs no spaces between ideographs', () => {
    const passage = '他说：你好。然后离开了房间，关上了门，走到街上去，再也没有回来过。从此以后没有人见过他。'.repeat(
      2,
    );
    const found: Spans[] = [];
    const search = substringSearch({ minBytes: 100, blockBytes: 4096 }, (_, spans) => found.push(spans));
    search.add(0, `一${passage}二`);
    search.add(1, `三四${passage}五六`);
    search.finish();
    expect(cutSpans(`三四${passage}五六`, found.at(-1) ?? [])).toBe('三四五六');
  });

  it('leaves whole characters', () => {
    expect(cutSpans('né été là', [4, 9])).toBe('né là');
    expect(cutSpans('他说 你好 他说', [6, 13])).toBe('他说 他说');
  });
});
