import { philox } from '../ops/philox.js';
import { type DType, product, type TensorType } from '../types.js';

/** What a test feeds to a graph input: a shape, and from which values it is drawn (normal float32 by default). */
export interface InputSpec {
  readonly shape: readonly number[];
  readonly dtype?: DType;
  /** `positive`: |normal| + ½. `apart`: no two values, and no value and 0, closer than 0.05. */
  readonly from?: 'normal' | 'positive' | 'apart';
  /** For int32: values in [0, below). */
  readonly below?: number;
  /** Given values instead of drawn ones. */
  readonly values?: readonly number[];
}
export type Specs = Readonly<Record<string, InputSpec>>;
export type Values = Readonly<Record<string, Float64Array>>;

export const typeOf = ({ shape, dtype = 'float32' }: InputSpec): TensorType => ({ shape, dtype });

/** A normal value by Box and Muller from two words of Philox. */
const normal = (index: number, seed: number, stream: number): number => {
  const [a, b] = philox([index, stream, 0, 0], [seed, 0x0c7a]);
  return Math.sqrt(-2 * Math.log((a + 1) / 2 ** 32)) * Math.cos(2 * Math.PI * (b / 2 ** 32));
};

function drawOne(spec: InputSpec, seed: number, stream: number): Float64Array {
  const { shape, from = 'normal', below, values } = spec;
  if (values !== undefined) return Float64Array.from(values);
  const data = Float64Array.from({ length: product(shape) }, (_, i) => normal(i, seed, stream));
  if (below !== undefined) return data.map((_, i) => philox([i, stream, 1, 0], [seed, 0])[0] % below);
  if (from === 'positive') return data.map((value) => Math.fround(Math.abs(value) + 0.5));
  // Half-integer multiples of 0.1, each used once: far from the corners of max, relu and step.
  if (from === 'apart') {
    const order = [...data.keys()].sort((i, j) => data[i] - data[j]);
    const apart = new Float64Array(data.length);
    order.forEach((i, rank) => {
      apart[i] = Math.fround((rank - Math.floor(data.length / 2) + 0.5) * 0.1 + stream * 0.025);
    });
    return apart;
  }
  return data.map(Math.fround);
}

/** Values for every input; the same for the same seed. All are exact in float32. */
export const draw = (specs: Specs, seed: number): Values =>
  Object.fromEntries(Object.entries(specs).map(([name, spec], stream) => [name, drawOne(spec, seed, stream)]));
