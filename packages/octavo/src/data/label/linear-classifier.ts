/**
 * Multinomial logistic regression on hashed word 1- and 2-grams and character 3- to 5-grams, trained by AdaGrad: small
 * enough to be trained again after every few labels. Deterministic: examples are taken in a fixed, shuffled order.
 */
const buckets = 1 << 18;

/** FNV-1a of UTF-16 units, from a seed that keeps the kinds of features apart. */
const hash = (text: string, from: number, to: number, seed: number): number => {
  let value = 0x811c9dc5 ^ seed;
  for (let at = from; at < to; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return (value >>> 0) % buckets;
};

/** Characters of a text that are looked at. */
const longestText = 20_000;

/** Buckets of a text's features, each once. */
function featuresOf(given: string): Uint32Array {
  const text = given.slice(0, longestText).toLowerCase();
  const found = new Set<number>();
  const words = text.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];
  for (const [at, word] of words.entries()) {
    found.add(hash(word, 0, word.length, 1));
    const pair = `${word} ${words[at + 1] ?? ''}`;
    found.add(hash(pair, 0, pair.length, 2));
    const framed = `<${word}>`;
    for (let n = 3; n <= 5; n++)
      for (let start = 0; start + n <= framed.length; start++) found.add(hash(framed, start, start + n, n));
  }
  return Uint32Array.from(found);
}

export interface Example {
  readonly text: string;
  readonly label: string;
}

export interface LinearClassifier {
  readonly labels: readonly string[];
  /** Probability of each label, in the order of `labels`. */
  readonly probabilities: (text: string) => Float64Array;
}

const rounds = 20;
const learningRate = 0.5;
const decay = 1e-6;

const order = (length: number, seed: number): Uint32Array => {
  const indices = Uint32Array.from({ length }, (_, at) => at);
  let state = seed >>> 0;
  for (let at = length - 1; at > 0; at--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (at + 1));
    [indices[at], indices[other]] = [indices[other] ?? 0, indices[at] ?? 0];
  }
  return indices;
};

/** Trains on examples of at least one label. */
export function trainLinearClassifier(examples: readonly Example[]): LinearClassifier {
  const labels = [...new Set(examples.map(({ label }) => label))].toSorted();
  const width = labels.length;
  const weights = new Float32Array((buckets + 1) * width);
  const squares = new Float32Array((buckets + 1) * width);
  const probabilitiesOf = (features: Uint32Array): Float64Array => {
    const scores = new Float64Array(width);
    const scale = 1 / Math.sqrt(features.length || 1);
    for (let j = 0; j < width; j++) {
      let score = weights[buckets * width + j] ?? 0;
      for (const bucket of features) score += (weights[bucket * width + j] ?? 0) * scale;
      scores[j] = score;
    }
    const highest = Math.max(...scores);
    const total = scores.reduce((sum, score) => sum + Math.exp(score - highest), 0);
    return scores.map((score) => Math.exp(score - highest) / total);
  };
  const step = (cell: number, gradient: number): void => {
    const slope = gradient + decay * (weights[cell] ?? 0);
    const square = (squares[cell] ?? 0) + slope * slope;
    squares[cell] = square;
    weights[cell] = (weights[cell] ?? 0) - (learningRate * slope) / Math.sqrt(square + 1e-8);
  };
  const known = examples.map(({ text, label }) => ({ features: featuresOf(text), at: labels.indexOf(label) }));
  for (let round = 0; round < rounds; round++)
    for (const index of order(known.length, round + 1)) {
      const { features, at } = known[index] ?? { features: new Uint32Array(), at: 0 };
      const predicted = probabilitiesOf(features);
      const scale = 1 / Math.sqrt(features.length || 1);
      for (let j = 0; j < width; j++) {
        const gradient = (predicted[j] ?? 0) - (j === at ? 1 : 0);
        step(buckets * width + j, gradient);
        for (const bucket of features) step(bucket * width + j, gradient * scale);
      }
    }
  return { labels, probabilities: (text) => probabilitiesOf(featuresOf(text)) };
}
