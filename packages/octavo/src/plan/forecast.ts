import { effectiveTokens } from './scaling-laws.js';

/**
 * Bits a byte that pretraining reaches: 1.636 × (C′ / 6e13)^−0.0662, C′ being the training operations with repeated
 * tokens counted at their worth. Fitted by least squares on logarithms to three runs of Octavo on the quickstart mix
 * (5.5 MB of English, vocabulary 4,096, Muon, bias on the logits, one seed each), sized as plans are:
 *
 *   1.04e12 operations   1 layer,   64 wide   2.131 bits a byte
 *   2.99e12              3 layers, 128 wide   2.008
 *   3.32e13              4 layers, 192 wide   1.698
 *
 * The fit misses them by 0.7 % at most, and a run left out by 3.4 %. A PyTorch trial of the 4-layer model on the same
 * mix fell as fast (exponent 0.0715) from a level 8 % higher: 1.945, 1.861 and 1.765 at 1.5e13, 3e13 and 6e13. So the
 * slope is trusted more than the level, which other text or another optimiser moves. Outside 1e12 to 6e13 operations
 * the error grows by guess, 3 % a doubling.
 */
export const law = { at: 6e13, bitsPerByte: 1.636, exponent: 0.0662, from: 1.04e12, to: 6e13 } as const;
/** The runs it was fitted to. */
export const measuredRuns = [
  { flops: 1.035e12, tokens: 506_880, bitsPerByte: 2.1308 },
  { flops: 2.992e12, tokens: 409_600, bitsPerByte: 2.0083 },
  { flops: 3.318e13, tokens: 2_078_720, bitsPerByte: 1.6982 },
] as const;
/** Different training tokens in those runs. */
export const measuredTokens = 1_476_628;

export interface BitsForecast {
  readonly bitsPerByte: number;
  /** Half the width of the range to expect, in bits a byte. */
  readonly error: number;
  /** Doublings of operations beyond the measured runs; 0 within. */
  readonly doublingsBeyond: number;
}

export function forecastBits({
  flops,
  tokens,
  uniqueTokens,
}: {
  readonly flops: number;
  readonly tokens: number;
  readonly uniqueTokens: number;
}): BitsForecast {
  const effective = (flops * effectiveTokens({ tokens, unique: uniqueTokens })) / tokens;
  // No text model does worse than eight bits a byte for long.
  const bitsPerByte = Math.min(8, law.bitsPerByte * (effective / law.at) ** -law.exponent);
  const doublingsBeyond = Math.max(0, Math.log2(law.from / flops), Math.log2(flops / law.to));
  return { bitsPerByte, error: bitsPerByte * (0.034 + 0.03 * doublingsBeyond), doublingsBeyond };
}

/**
 * Bytes that a token stands for, on English: 3.18, 3.67 and 4.11 were measured at 2,048, 4,096 and 8,192 entries, a
 * straight line in log₂ of the vocabulary (0.03 off at most).
 */
export const bytesPerToken = (vocabularySize: number): number =>
  Math.max(1, Math.min(5.5, 3.653 + 0.465 * (Math.log2(vocabularySize) - 12)));
