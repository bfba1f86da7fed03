/** Published scaling laws, as functions. N parameters, D tokens, C operations; losses in nats a token. */

/** L = E + A/N^α + B/D^β. */
export interface ChinchillaLaw {
  readonly E: number;
  readonly A: number;
  readonly B: number;
  readonly alpha: number;
  readonly beta: number;
}

/** As printed in Hoffmann et al. 2022, arXiv 2203.15556, eq. 10. */
export const chinchillaPrinted: ChinchillaLaw = { E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28 };
/** Fitted again by Besiroglu et al. 2024, arXiv 2404.10102: the one to use. */
export const chinchillaCorrected: ChinchillaLaw = { E: 1.8172, A: 482.01, B: 2085.43, alpha: 0.3478, beta: 0.3658 };

export const chinchillaLoss = ({ E, A, B, alpha, beta }: ChinchillaLaw, N: number, D: number): number =>
  E + A / N ** alpha + B / D ** beta;

/** The N and D that reach the lowest loss for C = 6·N·D: G = (αA/βB)^(1/(α+β)), N = G (C/6)^(β/(α+β)). */
export function chinchillaOptimum(
  { A, B, alpha, beta }: ChinchillaLaw,
  C: number,
): { readonly N: number; readonly D: number } {
  const G = ((alpha * A) / (beta * B)) ** (1 / (alpha + beta));
  const N = G * (C / 6) ** (beta / (alpha + beta));
  return { N, D: C / (6 * N) };
}

/** Kaplan et al. 2020, arXiv 2001.08361, §1.2; C in petaflop-days. */
export const kaplanLossOfParameters = (N: number): number => (8.8e13 / N) ** 0.076;
export const kaplanLossOfTokens = (D: number): number => (5.4e13 / D) ** 0.095;
export const kaplanLossOfCompute = (petaflopDays: number): number => (3.1e8 / petaflopDays) ** 0.05;
/** Eq. 1.5 with table 2. */
export const kaplanLoss = (N: number, D: number): number => ((6.4e13 / N) ** (0.076 / 0.103) + 1.8e13 / D) ** 0.103;
/** Tokens of the batch beyond which a larger one saves little time, at a loss: 2e8 / L^(1/0.21). */
export const kaplanCriticalBatch = (loss: number): number => 2e8 / loss ** (1 / 0.21);

/**
 * What repeated tokens are worth: D′ = U + U R* (1 − e^(−R/R*)) with R repetitions beyond the first pass over U
 * different tokens and R* = 15.39. Source: Muennighoff et al. 2023, arXiv 2305.16264, eq. 5 and §6.
 */
export function effectiveTokens({ tokens, unique }: { readonly tokens: number; readonly unique: number }): number {
  const half = 15.39;
  const repetitions = tokens / unique - 1;
  return repetitions <= 0 ? tokens : unique * (1 + half * (1 - Math.exp(-repetitions / half)));
}
