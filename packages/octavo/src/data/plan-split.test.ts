import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../project/index.js';
import { groupOf } from './document.js';
import { splitPlanner } from './plan-split.js';
import type { SplitDocument } from './split-units.js';

const document = (id: string, more: Partial<SplitDocument> = {}): SplitDocument => ({
  id,
  source: 's',
  cluster: id,
  bytes: 100,
  ...more,
});

const planSplit = (documents: readonly SplitDocument[]) => {
  const planner = splitPlanner(documents.length);
  for (const one of documents) planner.add(one);
  const plan = planner.plan();
  return { ...plan, splits: documents.map((_, n) => plan.splitOf(n)) };
};

describe('splitPlanner', () => {
  it('keeps duplicate clusters and windows of one text in one split', () => {
    const anyDocuments = fc.array(
      fc.record({
        text: fc.nat({ max: 200 }),
        window: fc.nat({ max: 5 }),
        cluster: fc.nat({ max: 300 }),
        bytes: fc.integer({ min: 1, max: 5000 }),
      }),
      { minLength: 400, maxLength: 600 },
    );
    fc.assert(
      fc.property(anyDocuments, (rows) => {
        const documents = rows.map(({ text, window, cluster, bytes }) =>
          // Clusters among the texts below 30 only: else everything hangs together.
          document(`t${text}#${window}`, { bytes, cluster: text < 30 ? `c${cluster % 20}` : `t${text}` }),
        );
        const { splits } = planSplit(documents);
        for (const keyOf of [({ id }: SplitDocument) => groupOf(id), ({ cluster }: SplitDocument) => cluster]) {
          const seen = new Map<string, string | undefined>();
          for (const [n, one] of documents.entries()) {
            expect(seen.get(keyOf(one)) ?? splits[n]).toBe(splits[n]);
            seen.set(keyOf(one), splits[n]);
          }
        }
      }),
      { numRuns: 8 },
    );
  });

  it('follows sha256 mod 20 where that holds out a twentieth, and stays near it', () => {
    const documents = Array.from({ length: 4000 }, (_, n) => document(`d${n}`));
    const { splits, units, partsTexts } = planSplit(documents);
    const byHash = documents
      .map(({ id }) => BigInt(`0x${sha256(id)}`) % 20n)
      .map((part) => (part === 0n ? 'test' : part === 1n ? 'validation' : 'train'));
    const differing = splits.filter((split, n) => split !== byHash[n]).length;
    expect({ units, partsTexts }).toEqual({ units: 4000, partsTexts: false });
    expect(differing).toBeLessThan(60);
    for (const held of ['validation', 'test'])
      expect(splits.filter((split) => split === held).length / 4000).toBeCloseTo(0.046, 2);
  });

  it('holds out something of each source, also of small ones and of large texts', () => {
    const documents = [
      ...Array.from({ length: 300 }, (_, n) => document(`large/${n}`, { source: 'large', bytes: 1000 })),
      ...Array.from({ length: 6 }, (_, n) => document(`small/${n}`, { source: 'small', bytes: 50 })),
      ...Array.from({ length: 20 }, (_, n) =>
        document(`uneven/${n}`, { source: 'uneven', bytes: n === 3 ? 90_000 : 900 }),
      ),
    ];
    const { splits } = planSplit(documents);
    for (const source of ['large', 'small', 'uneven']) {
      expect(new Set(splits.filter((_, n) => documents[n]?.source === source)), source).toEqual(
        new Set(['train', 'validation', 'test']),
      );
    }
    expect(splits[306 + 3]).toBe('train');
  });

  it('leaves every document where this version of the step has always put it', () => {
    const documents = Array.from({ length: 3000 }, (_, n) =>
      document(n % 4 === 0 ? `t${n % 90}#${n}` : `d${n}`, {
        source: `s${n % 7}`,
        cluster: n % 11 === 0 ? `c${n % 300}` : `d${n}`,
        bytes: n % 400 === 1 ? 90_000 : 100 + ((n * 7919) % 900),
      }),
    );
    const { splits, units } = planSplit(documents);
    expect({ units, sha256: sha256(splits.join('\n')) }).toEqual({
      units: 2295,
      sha256: '2713afcaf50e6fa827bf430e7c84782c7290cb23d4e1894500b8c458c30a3c61',
    });
  });

  it('parts the windows of one text when there is just one', () => {
    const { splits, partsTexts } = planSplit(Array.from({ length: 40 }, (_, n) => document(`novel#${n}`)));
    expect(partsTexts).toBe(true);
    expect(new Set(splits).size).toBe(3);
  });

  it('refuses what cannot be split', () => {
    for (const count of [0, 1, 2]) {
      expect(() => planSplit(Array.from({ length: count }, (_, n) => document(`d${n}`)))).toThrow(/DATA_TOO_SMALL/);
    }
    expect(new Set(planSplit([1, 2, 3].map((n) => document(`d${n}`))).splits).size).toBe(3);
    expect(() => planSplit(Array.from({ length: 30 }, (_, n) => document(`d${n}`, { cluster: 'one' })))).toThrow(
      /DATA_TOO_SMALL/,
    );
  });
});
