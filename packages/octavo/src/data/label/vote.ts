/** Many unsure votes on an item made into one label: by majority, or by what each voter's errors turn out to be. */

export interface Vote {
  readonly item: string;
  readonly voter: string;
  readonly label: string;
}

/** The probability of each label, by item. */
export type Posterior = ReadonlyMap<string, ReadonlyMap<string, number>>;

const groups = (votes: readonly Vote[]): ReadonlyMap<string, readonly Vote[]> => {
  const found = new Map<string, Vote[]>();
  for (const vote of votes) {
    const there = found.get(vote.item);
    if (there === undefined) found.set(vote.item, [vote]);
    else there.push(vote);
  }
  return found;
};

/** The share of an item's votes that each label has. */
export const majorityVote = (votes: readonly Vote[]): Posterior =>
  new Map(
    [...groups(votes)].map(([item, its]) => {
      const shares = new Map<string, number>();
      for (const { label } of its) shares.set(label, (shares.get(label) ?? 0) + 1 / its.length);
      return [item, shares];
    }),
  );

export interface DawidSkene {
  readonly posterior: Posterior;
  /** p_j: how common each label is. */
  readonly prevalence: ReadonlyMap<string, number>;
  /** π_jl by voter: how often it says l of an item that is j; rows by the true label. */
  readonly confusion: ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, number>>>;
  readonly iterations: number;
}

/**
 * Expectation maximisation of true labels and each voter's confusion matrix together, from the shares of votes, until no
 * posterior moves by 1e-8 or 500 rounds are over. A voter may vote several times on an item. Source: Dawid and Skene 1979.
 */
export function dawidSkene(votes: readonly Vote[]): DawidSkene {
  const labels = [...new Set(votes.map(({ label }) => label))].toSorted();
  const voters = [...new Set(votes.map(({ voter }) => voter))].toSorted();
  const byItem = groups(votes);
  const items = [...byItem.keys()];
  const [J, K] = [labels.length, voters.length];
  const labelAt = new Map(labels.map((label, at) => [label, at]));
  const voterAt = new Map(voters.map((voter, at) => [voter, at]));
  const cast = items.map((item) =>
    (byItem.get(item) ?? []).map(({ voter, label }) => ({ k: voterAt.get(voter) ?? 0, l: labelAt.get(label) ?? 0 })),
  );
  // T[i][j]: the probability that item i is j, at first the share of its votes (equation 3.1).
  const T = cast.map((its) => {
    const row = new Float64Array(J);
    for (const { l } of its) row[l] = (row[l] ?? 0) + 1 / its.length;
    return row;
  });
  const p = new Float64Array(J);
  const pi = new Float64Array(K * J * J);
  let iterations = 0;
  for (let moved = 1; moved > 1e-8 && iterations < 500; iterations++) {
    maximise({ T, cast, p, pi, J, K });
    moved = expect({ T, cast, p, pi, J });
  }
  return {
    posterior: new Map(items.map((item, i) => [item, new Map(labels.map((label, j) => [label, T[i]?.[j] ?? 0]))])),
    prevalence: new Map(labels.map((label, j) => [label, p[j] ?? 0])),
    confusion: new Map(
      voters.map((voter, k) => [
        voter,
        new Map(
          labels.map((truth, j) => [truth, new Map(labels.map((said, l) => [said, pi[(k * J + j) * J + l] ?? 0]))]),
        ),
      ]),
    ),
    iterations,
  };
}

interface Fit {
  readonly T: readonly Float64Array[];
  readonly cast: readonly (readonly { readonly k: number; readonly l: number }[])[];
  readonly p: Float64Array;
  readonly pi: Float64Array;
  readonly J: number;
}

/** Prevalence and confusion from the posteriors (equations 2.3 and 2.4). */
function maximise({ T, cast, p, pi, J, K }: Fit & { readonly K: number }): void {
  p.fill(0);
  pi.fill(0);
  for (const [i, row] of T.entries())
    for (let j = 0; j < J; j++) {
      const weight = row[j] ?? 0;
      p[j] = (p[j] ?? 0) + weight / T.length;
      for (const { k, l } of cast[i] ?? []) {
        const cell = (k * J + j) * J + l;
        pi[cell] = (pi[cell] ?? 0) + weight;
      }
    }
  for (let row = 0; row < K * J; row++) {
    const cells = pi.subarray(row * J, row * J + J);
    const total = cells.reduce((sum, cell) => sum + cell, 0);
    if (total > 0) for (let l = 0; l < J; l++) cells[l] = (cells[l] ?? 0) / total;
  }
}

/** Posteriors from prevalence and confusion (equation 2.5), in logarithms; the largest change of any. */
function expect({ T, cast, p, pi, J }: Fit): number {
  let moved = 0;
  const scores = new Float64Array(J);
  for (const [i, row] of T.entries()) {
    for (let j = 0; j < J; j++) {
      let score = Math.log(p[j] ?? 0);
      for (const { k, l } of cast[i] ?? []) score += Math.log(pi[(k * J + j) * J + l] ?? 0);
      scores[j] = score;
    }
    const highest = Math.max(...scores);
    const total = scores.reduce((sum, score) => sum + Math.exp(score - highest), 0);
    for (let j = 0; j < J; j++) {
      const next = Math.exp((scores[j] ?? 0) - highest) / total;
      moved = Math.max(moved, Math.abs(next - (row[j] ?? 0)));
      row[j] = next;
    }
  }
  return moved;
}
