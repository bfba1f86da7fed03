import { input, multiply, sum, type Tensor, type Trace } from '@octavo/engine';
import type { GptConfig } from '../models/index.js';

// B batch, T time, V vocabulary

/** A next token whose logit is asked about, alone or less that of another. */
export interface Choice {
  readonly target: number;
  readonly other?: number | undefined;
}

/** logits [B, T, V] → [B]: the chosen logit at the last position. Adds the inputs `choice` [V] and `last` [T, 1]. */
export function chosenLogit(trace: Trace, logits: Tensor): Tensor {
  const [, time = 1, vocabularySize = 1] = logits.shape;
  const choice = input(trace, 'choice', { dtype: 'float32', shape: [vocabularySize] });
  const last = input(trace, 'last', { dtype: 'float32', shape: [time, 1] });
  return sum(multiply(multiply(logits, choice), last), [1, 3]);
}

export function choiceInputs({ target, other }: Choice, { vocabularySize }: GptConfig, time: number) {
  const choice = new Float32Array(vocabularySize);
  choice[target] = 1;
  if (other !== undefined) choice[other] = (choice[other] ?? 0) - 1;
  const last = new Float32Array(time);
  last[time - 1] = 1;
  return { choice, last };
}

/** Rows of a batch whose logits fit into 64 MiB, at most so many. */
export const rowsAtOnce = ({ vocabularySize }: GptConfig, time: number, most: number): number =>
  Math.max(1, Math.min(most, Math.floor(2 ** 24 / (vocabularySize * time))));
