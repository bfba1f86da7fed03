import { philox, product } from '@octavo/engine';
import type { ParameterSpec } from './gpt-parameters.js';

const turn = 2 * Math.PI;
const unit = 2 ** -32;

/** Standard normal numbers by Box–Muller from Philox words, keyed by seed and stream: the same on every machine. */
function normals(count: number, seed: number, stream: number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 4) {
    const [a, b, c, d] = philox([i / 4, stream, 0, 0], [seed, 0x6f637476]);
    const first = Math.sqrt(-2 * Math.log((a + 0.5) * unit));
    const second = Math.sqrt(-2 * Math.log((c + 0.5) * unit));
    const four = [
      first * Math.cos(turn * b * unit),
      first * Math.sin(turn * b * unit),
      second * Math.cos(turn * d * unit),
      second * Math.sin(turn * d * unit),
    ];
    values.set(four.slice(0, count - i), i);
  }
  return values;
}

/**
 * First values of a parameter. `stream` tells parameters apart; `tokenCounts` fills a log-unigram output bias with
 * log((count + 1) / Σ(count + 1)), so that training starts from the unigram model instead of the uniform one.
 */
export function initialValues(
  spec: ParameterSpec,
  the: { readonly seed: number; readonly stream: number; readonly tokenCounts?: ArrayLike<number> },
): Float32Array {
  const size = product(spec.shape);
  const { start } = spec;
  switch (start.kind) {
    case 'constant':
      return new Float32Array(size).fill(start.value);
    case 'normal':
      return normals(size, the.seed, the.stream).map((value) => value * start.deviation);
    case 'uniform': {
      const unit = (i: number): number => philox([i, the.stream, 1, 0], [the.seed, 0x6f637476])[0] / 2 ** 32;
      return Float32Array.from({ length: size }, (_, i) => start.from + (start.to - start.from) * unit(i));
    }
    case 'logUnigram': {
      const { tokenCounts } = the;
      if (tokenCounts === undefined) return new Float32Array(size);
      const total = Array.from(tokenCounts).reduce((sum, count) => sum + count + 1, 0);
      return Float32Array.from(tokenCounts, (count) => Math.log((count + 1) / total));
    }
  }
}
