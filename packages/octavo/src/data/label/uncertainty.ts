export const uncertaintyRules = ['least-confidence', 'margin', 'entropy'] as const;
export type UncertaintyRule = (typeof uncertaintyRules)[number];

/**
 * How unsure a distribution is, from 0 (certain) to 1 (all labels alike).
 * least-confidence: 1 − max p, over its greatest value 1 − 1/n; margin: 1 − (p₁ − p₂); entropy: −Σ p log p / log n.
 * Source: Settles 2009, "Active Learning Literature Survey", §3.1.
 */
export function uncertainty(probabilities: ArrayLike<number>, rule: UncertaintyRule): number {
  const n = probabilities.length;
  if (n < 2) return 0;
  const [first = 0, second = 0] = Array.from(probabilities).toSorted((one, other) => other - one);
  if (rule === 'least-confidence') return (1 - first) / (1 - 1 / n);
  if (rule === 'margin') return 1 - (first - second);
  return -Array.from(probabilities).reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0) / Math.log(n);
}
