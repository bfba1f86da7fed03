/**
 * A linear classifier of texts by hashed words and pairs of words, as fastText has it: the mean of the features' weights
 * through a logistic function, trained by stochastic gradient descent. Sources: Joulin et al. 2016 (arXiv 1607.01759);
 * Brown et al. 2020, appendix A (a classifier of quality).
 */
import { seededRandom } from '../seeded-random.js';

const buckets = 1 << 18;
const longestText = 20_000;
const rounds = 5;
const learningRate = 40;

const isWord = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 0xc0 && !(code >= 0x2000 && code <= 0x206f));

const scratch = new Int32Array(longestText * 2);

/** Buckets of words, marks and pairs of neighbours, in order; reused by the next call. */
function featuresOf(given: string): Int32Array {
  const text = given.slice(0, longestText).toLowerCase();
  let count = 0;
  let before = 0;
  const put = (hash: number) => {
    scratch[count++] = (Math.imul(hash, 0x9e3779b1) >>> 14) & (buckets - 1);
    scratch[count++] = (Math.imul(before ^ (hash >>> 3), 0x85ebca6b) >>> 14) & (buckets - 1);
    before = Math.imul(hash, 0x01000193);
  };
  for (let at = 0; at < text.length; ) {
    let code = text.charCodeAt(at);
    if (code <= 32) {
      at++;
      continue;
    }
    let hash = 0x811c9dc5;
    do {
      hash = Math.imul(hash ^ code, 0x01000193);
      at++;
      const wasWord = isWord(code);
      code = at < text.length ? text.charCodeAt(at) : 0;
      if (!wasWord || !isWord(code)) break;
    } while (at < text.length);
    put(hash);
  }
  return scratch.subarray(0, count);
}

export interface QualityClassifier {
  /** The probability that a text is like the good examples. */
  readonly score: (text: string) => number;
  /** Weights, the last one the bias: what is saved. */
  readonly weights: Float32Array;
}

export function classifierOf(weights: Float32Array): QualityClassifier {
  return {
    weights,
    score: (text) => {
      const features = featuresOf(text);
      let sum = 0;
      for (let n = 0; n < features.length; n++) sum += weights[features[n] ?? 0] ?? 0;
      return 1 / (1 + Math.exp(-(sum / Math.max(1, features.length) + (weights[buckets] ?? 0))));
    },
  };
}

interface Example {
  readonly text: string;
  readonly isGood: boolean;
}

/** Trains in an order drawn from a fixed seed: the same examples give the same weights. The classes weigh the same. */
export function trainClassifier(examples: readonly Example[]): QualityClassifier {
  const weights = new Float32Array(buckets + 1);
  const classifier = classifierOf(weights);
  const good = examples.filter(({ isGood }) => isGood).length;
  const weightOf = (isGood: boolean): number =>
    examples.length / (2 * Math.max(1, isGood ? good : examples.length - good));
  const random = seededRandom(1);
  const order = Uint32Array.from(examples, (_, n) => n);
  const steps = rounds * examples.length;
  for (let step = 0; step < steps; step++) {
    const at = step % examples.length;
    // The rest of the order is drawn anew in each round.
    const other = at + random(examples.length - at);
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
    const { text, isGood } = examples[order[at] ?? 0] ?? { text: '', isGood: true };
    const error = classifier.score(text) - (isGood ? 1 : 0);
    const rate = learningRate * (1 - step / steps) * Math.min(4, weightOf(isGood)) * error;
    const features = featuresOf(text);
    for (let n = 0; n < features.length; n++) {
      const feature = features[n] ?? 0;
      weights[feature] = (weights[feature] ?? 0) - rate / features.length;
    }
    weights[buckets] = (weights[buckets] ?? 0) - rate * 0.01;
  }
  return classifier;
}
