import { describe, expect, it } from 'vitest';
import { dawidSkene, majorityVote, type Vote } from './vote.js';

/** Table 1 of Dawid and Skene 1979: 45 patients; three assessments by anaesthetist 1, one each by 2 to 5. */
const patients =
  '1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223 4444444 2223343 1111111 2223212 1211111 1112111 1111111 1111111 2222221 2221322 2222222 2222221 2223222 2212222 1111111 1111111 2322222 1111111 1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343 2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222'.split(
    ' ',
  );
const votes: readonly Vote[] = patients.flatMap((said, patient) =>
  [...said].map((label, at) => ({ item: String(patient), voter: String(Math.max(1, at - 1)), label })),
);

describe('Dawid and Skene on the anaesthetists', () => {
  const { prevalence, confusion, posterior, iterations } = dawidSkene(votes);

  it('finds how common the classes are', () => {
    expect(votes.length).toBe(315);
    const found = [...prevalence.values()];
    for (const [at, share] of [0.4, 0.42, 0.11, 0.07].entries()) expect(found[at]).toBeCloseTo(share, 2);
    expect(iterations).toBeLessThan(500);
  });

  it("finds the first anaesthetist's errors", () => {
    const rows = [...(confusion.get('1')?.values() ?? [])].map((row) => [...row.values()]);
    const published = [
      [0.89, 0.11, 0, 0],
      [0.07, 0.88, 0.05, 0],
      [0, 0.34, 0.66, 0],
      [0, 0, 0.56, 0.44],
    ];
    for (const [truth, row] of published.entries())
      for (const [said, share] of row.entries())
        expect([truth, said, (rows[truth]?.[said] ?? 0).toFixed(2)]).toEqual([truth, said, share.toFixed(2)]);
  });

  it('gives every patient a distribution', () => {
    for (const row of posterior.values())
      expect([...row.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
  });
});

it('a voter who is always wrong is heard as one who is right', () => {
  const truth = Array.from({ length: 60 }, (_, item) => (item % 3 === 0 ? 'b' : 'a'));
  const swap = (label: string) => (label === 'a' ? 'b' : 'a');
  const all = truth.flatMap((label, item) => [
    { item: String(item), voter: 'good', label: item % 10 === 1 ? swap(label) : label },
    { item: String(item), voter: 'fair', label: item % 7 === 2 ? swap(label) : label },
    { item: String(item), voter: 'sound', label: item % 9 === 4 ? swap(label) : label },
    { item: String(item), voter: 'liar', label: swap(label) },
  ]);
  const right = (posterior: ReadonlyMap<string, ReadonlyMap<string, number>>) =>
    truth.filter((label, item) => (posterior.get(String(item))?.get(label) ?? 0) > 0.5).length;
  expect(right(dawidSkene(all).posterior)).toBe(60);
  expect(right(majorityVote(all))).toBeLessThan(60);
});
