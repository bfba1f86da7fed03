import { effectiveTokens } from './scaling-laws.js';

/**
 * Bits a byte that pretraining reaches: 1.765 × (C′ / 6e13)^−0.0715, C′ being the training operations with repeated
 * tokens counted at their worth. Fitted by least squares on logarithms to three measured runs of one model (4 layers,
 * 192 wide, vocabulary 4,096, 5.5 MB of English, Muon): 1.945, 1.861 and 1.765 at 1.5e13, 3e13 and 6e13 operations.
 * The fit misses them by 0.35 % at most, and a point left out by 1.1 %. Beyond the three, models are sized by the
 * square root of the operations and the error grows by guess, 3 % a doubling.
 */
export const law = { at: 6e13, bitsPerByte: 1.7645, exponent: 0.0715, from: 1.5e13, to: 6e13 } as const;
/** The runs it was fitted to. */
export const measuredRuns = [
  { flops: 1.5e13, bitsPerByte: 1.945 },
  { flops: 3e13, bitsPerByte: 1.861 },
  { flops: 6e13, bitsPerByte: 1.765 },
] as const;
/** Different training tokens in those runs. */
export const measuredTokens = Math.round(5.5e6 / 3.67);

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
  return { bitsPerByte, error: bitsPerByte * (0.011 + 0.03 * doublingsBeyond), doublingsBeyond };
}

/**
 * Bytes that a token stands for, on English: 3.18, 3.67 and 4.11 were measured at 2,048, 4,096 and 8,192 entries, a
 * straight line in log₂ of the vocabulary (0.03 off at most).
 */
export const bytesPerToken = (vocabularySize: number): number =>
  Math.max(1, Math.min(5.5, 3.653 + 0.465 * (Math.log2(vocabularySize) - 12)));
