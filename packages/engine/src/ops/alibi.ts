import { record, type Tensor, type Trace } from '../trace/trace.js';
import { defineOp } from './define.js';

// S keys, T queries, H heads
type AlibiAttributes = { readonly queries: number; readonly keys: number; readonly slopes: readonly number[] };

const distancesOf = ({ queries, keys }: AlibiAttributes): number => Math.max(0, keys + queries - 1);

/**
 * Attention with linear biases: y[i, h] = −slope[h] · |key − position| for key − position = i − (S − 1).
 *   → y: [S + T − 1, H] float32. Source: Press, Smith and Lewis 2021, arXiv 2108.12409, §3.
 */
export const alibiOp = defineOp({
  name: 'alibi',
  inputs: [],
  outputs: ['y'],
  infer: (_, the: AlibiAttributes) => ({ y: { dtype: 'float32', shape: [distancesOf(the), the.slopes.length] } }),
  reference: (_, the) => {
    const { keys, slopes } = the;
    const rows = Array.from({ length: distancesOf(the) }, (__, i) =>
      slopes.map((slope) => -slope * Math.abs(i - (keys - 1))),
    );
    return { y: { shape: [rows.length, slopes.length], data: Float64Array.from(rows.flat()) } };
  },
  parameters: (_, the) => [distancesOf(the), the.keys - 1, the.slopes.length, ...the.slopes],
});

/**
 * The paper's slopes: 2^(−8/H), 2^(−16/H) … where H is a power of two; otherwise those of the power below, then every
 * other one of the power above.
 */
export function alibiSlopes(heads: number): readonly number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const slopes = (of: number): readonly number[] => Array.from({ length: of }, (_, i) => 2 ** ((-8 * (i + 1)) / of));
  return [...slopes(power), ...slopes(2 * power).filter((_, i) => i % 2 === 0)].slice(0, heads);
}

/** A bias by distance that is not learned, for the operand `bias` of attention: [S + T − 1, H]. */
export const alibi = (trace: Trace, the: AlibiAttributes): Tensor => record(trace, alibiOp, {}, the).y;
