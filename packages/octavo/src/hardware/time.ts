import type { Machine, PrecisionChoice } from './machine.js';

/** Seconds = operations / (measured GFLOP/s × the share of it that a training step reaches). */
export const trainingSeconds = (
  flops: number,
  {
    machine,
    precision,
    efficiency,
  }: { readonly machine: Machine; readonly precision: PrecisionChoice; readonly efficiency: number },
): number => flops / (machine.gflops[precision] * 1e9 * efficiency);

/** Operations that fit into a time: the other way round. */
export const affordableFlops = (
  seconds: number,
  {
    machine,
    precision,
    efficiency,
  }: { readonly machine: Machine; readonly precision: PrecisionChoice; readonly efficiency: number },
): number => seconds * machine.gflops[precision] * 1e9 * efficiency;

/** Share of the peak rate that training reaches. Source: PaLM, arXiv 2204.02311, §4.1. */
export const flopsUtilisation = ({
  flopsPerToken,
  tokensPerSecond,
  peakFlopsPerSecond,
}: {
  readonly flopsPerToken: number;
  readonly tokensPerSecond: number;
  readonly peakFlopsPerSecond: number;
}): number => (flopsPerToken * tokensPerSecond) / peakFlopsPerSecond;

/** Tokens a second at which greedy decoding of one sequence is bound: every weight is read for every token. */
export const decodingBound = (weightsBytes: number, machine: Machine): number =>
  (machine.gigabytesPerSecond * 1e9) / weightsBytes;
