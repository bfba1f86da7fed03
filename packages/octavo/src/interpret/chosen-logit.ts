import { type Graph, input, multiply, reshape, sum, type Tensor, type Trace, valueNamed } from '@octavo/engine';
import { logits } from './model.js';

// B batch, T time, V vocabulary or classes

/** A token, class or tag whose logit is asked about, alone or less that of another. */
export interface Choice {
  readonly target: number;
  readonly other?: number | undefined;
  /** Where the logit is, of those that have one a token; the last where it is left out. */
  readonly position?: number | undefined;
}

/** [T, V] of a graph's logits; T is 1 where a whole text has one row of them. */
const sizesOf = (graph: Graph): readonly [number, number] => {
  const { shape } = graph.types[valueNamed(graph, logits)] ?? { shape: [] };
  return [shape.length > 2 ? (shape.at(-2) ?? 1) : 1, shape.at(-1) ?? 1];
};

/** Logits [B, T, V] or [B, V] → [B]: the chosen one. Adds the inputs `choice` [V] and `at` [T, 1]. */
export function chosenLogit(trace: Trace, scores: Tensor): Tensor {
  const [batch = 1, ...rest] = scores.shape;
  const [vocabularySize = 1, time = 1] = rest.toReversed();
  const choice = input(trace, 'choice', { dtype: 'float32', shape: [vocabularySize] });
  const at = input(trace, 'at', { dtype: 'float32', shape: [time, 1] });
  return sum(multiply(multiply(reshape(scores, [batch, time, vocabularySize]), choice), at), [1, 3]);
}

export function choiceInputs({ target, other, position }: Choice, graph: Graph) {
  const [time, vocabularySize] = sizesOf(graph);
  const choice = new Float32Array(vocabularySize);
  choice[target] = 1;
  if (other !== undefined) choice[other] = (choice[other] ?? 0) - 1;
  const at = new Float32Array(time);
  at[position ?? time - 1] = 1;
  return { choice, at };
}

/** Rows of a batch whose logits fit into 64 MiB, at most so many; `graph` is of one row. */
export const rowsAtOnce = (graph: Graph, most: number): number => {
  const [time, vocabularySize] = sizesOf(graph);
  return Math.max(1, Math.min(most, Math.floor(2 ** 24 / (vocabularySize * time))));
};
