/** Balance of labelled classes: which examples to take how often, or how much each class should weigh in a loss. */
import { sha256 } from '../../project/index.js';

export const balances = ['none', 'under', 'over', 'inverse', 'effective'] as const;
export type Balance = (typeof balances)[number];

/** n / (k · nᵢ): the mean weight of an example is 1. */
function inverseFrequency(counts: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return new Map([...counts].map(([name, count]) => [name, total / (counts.size * count)]));
}

/** (1 − β) / (1 − βⁿ), scaled so that the classes' weights sum to their number. Source: Cui et al. 2019 (arXiv 1901.05555). */
function effectiveNumber(counts: ReadonlyMap<string, number>, beta: number): ReadonlyMap<string, number> {
  const raw = [...counts].map(([name, count]): readonly [string, number] => [name, (1 - beta) / (1 - beta ** count)]);
  const sum = raw.reduce((total, [, weight]) => total + weight, 0);
  return new Map(raw.map(([name, weight]) => [name, (weight * counts.size) / sum]));
}

/** Weights of classes with at least one example; 1 for each where the balance is not by weight. */
export function classWeights(
  counts: ReadonlyMap<string, number>,
  balance: Balance,
  beta = 0.999,
): ReadonlyMap<string, number> {
  const present = new Map([...counts].filter(([, count]) => count > 0));
  if (balance === 'inverse') return inverseFrequency(present);
  if (balance === 'effective') return effectiveNumber(present, beta);
  return new Map([...present.keys()].map((name) => [name, 1]));
}

/**
 * How often each example is taken, by its id: under-sampling brings every class down to the smallest, over-sampling up to
 * the largest. A hash of seed and id picks, so the order of the examples does not matter.
 */
export function classCopies(
  examples: readonly { readonly id: string; readonly label: string }[],
  balance: Balance,
  seed = 1,
): ReadonlyMap<string, number> {
  if (balance !== 'under' && balance !== 'over') return new Map(examples.map(({ id }) => [id, 1]));
  const classes = new Map<string, { readonly id: string }[]>();
  for (const { id, label } of examples) {
    const members = classes.get(label) ?? [];
    classes.set(label, members);
    members.push({ id });
  }
  const sizes = [...classes.values()].map(({ length }) => length);
  const wanted = sizes.reduce(
    (found, size) => (balance === 'under' ? Math.min(found, size) : Math.max(found, size)),
    sizes[0] ?? 0,
  );
  const copies = new Map<string, number>();
  for (const members of classes.values()) {
    const drawn = members
      .map(({ id }) => ({ id, hash: sha256(`balance:${seed}:${id}`) }))
      .toSorted((a, b) => (a.hash < b.hash ? -1 : 1));
    const [whole, more] = [Math.floor(wanted / members.length), wanted % members.length];
    for (const [at, { id }] of drawn.entries()) copies.set(id, whole + (at < more ? 1 : 0));
  }
  return copies;
}
