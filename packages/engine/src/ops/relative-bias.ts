import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { defineOp } from './define.js';
import { embedding } from './embedding.js';

// S keys, T queries, H heads
type BucketAttributes = {
  readonly queries: number;
  readonly keys: number;
  /** Keys ahead share the bucket of distance 0, and all buckets serve the keys behind. */
  readonly causal: boolean;
  readonly buckets: number;
  readonly maxDistance: number;
};

/**
 * The least distance of bucket 1, 2, … n − 1 of n: the first half of them holds one distance each, the rest grow by
 * logarithm up to `maxDistance`. Rounded to float32 step by step, as the models in use were trained.
 */
function thresholds(n: number, maxDistance: number): readonly number[] {
  const exact = Math.floor(n / 2);
  const f = Math.fround;
  const growth = f(Math.log(maxDistance / exact));
  const bucketOf = (distance: number): number =>
    distance < exact ? distance : exact + Math.trunc(f(f(f(Math.log(f(distance / exact))) / growth) * (n - exact)));
  const found: number[] = [];
  for (let distance = 0; found.length < n - 1 && distance < maxDistance; distance++)
    while (found.length < Math.min(n - 1, bucketOf(distance))) found.push(distance);
  while (found.length < n - 1) found.push(maxDistance);
  return found;
}

const directed = ({ causal, buckets }: BucketAttributes): number => (causal ? buckets : buckets / 2);

/**
 * The bucket of each distance between a query and a key: y[i] is that of key − position = i − (S − 1).
 *   → y: int32 [S + T − 1], in [0, buckets). Source: Raffel et al. 2019, arXiv 1910.10683, §2.1.
 */
export const relativeBucketsOp = defineOp({
  name: 'relativeBuckets',
  inputs: [],
  outputs: ['y'],
  infer: (_, the: BucketAttributes) => {
    const n = directed(the);
    if (!(Number.isInteger(n) && n >= 2 && the.maxDistance > Math.floor(n / 2)))
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[relativeBuckets] an even number of buckets, 4 or more, and a larger distance; received ${the.buckets} up to ${the.maxDistance}`,
      });
    return { y: { dtype: 'int32', shape: [Math.max(0, the.keys + the.queries - 1)] } };
  },
  reference: (_, the) => {
    const { queries, keys, causal, maxDistance } = the;
    const n = directed(the);
    const from = thresholds(n, maxDistance);
    const data = Float64Array.from({ length: Math.max(0, keys + queries - 1) }, (__, i) => {
      const ahead = i - (keys - 1);
      const distance = causal ? Math.max(0, -ahead) : Math.abs(ahead);
      return from.filter((least) => least <= distance).length + (!causal && ahead > 0 ? n : 0);
    });
    return { y: { shape: [data.length], data } };
  },
  parameters: (_, the) => [
    Math.max(0, the.keys + the.queries - 1),
    the.keys - 1,
    the.causal ? 1 : 0,
    ...thresholds(directed(the), the.maxDistance),
  ],
});

/**
 * A learned bias by distance, for the operand `bias` of attention.
 *   table: [buckets, H] → y: [S + T − 1, H].
 */
export const relativeBias = (table: Tensor, the: Omit<BucketAttributes, 'buckets'>): Tensor =>
  embedding(table, record(table.trace, relativeBucketsOp, {}, { ...the, buckets: table.shape[0] }).y);
