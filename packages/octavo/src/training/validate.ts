import type { Batch } from './batches.js';
import { positionsOf } from './batches.js';
import type { Trainer } from './trainer.js';

/**
 * Nats of a token stream under the model: windows of the training length, side by side, so every token but the first of
 * each window's stream is predicted once; under the averaged weights where `weights` says so. Returns the sum and how many tokens were predicted.
 */
export async function streamLoss(
  trainer: Pick<Trainer, 'losses' | 'shape'>,
  stream: ArrayLike<number>,
  { signal, weights = 'trained' }: { readonly signal?: AbortSignal; readonly weights?: 'trained' | 'average' } = {},
): Promise<{ readonly nats: number; readonly tokens: number }> {
  const { sequences, length } = trainer.shape;
  const positions = positionsOf(sequences, length);
  const perBatch = sequences * length;
  let nats = 0;
  let counted = 0;
  for (let from = 0; from + 1 < stream.length && signal?.aborted !== true; from += perBatch) {
    const tokens = new Int32Array(perBatch);
    const targets = new Int32Array(perBatch);
    const real = Math.min(perBatch, stream.length - 1 - from);
    for (let i = 0; i < real; i++) {
      tokens[i] = stream[from + i] ?? 0;
      targets[i] = stream[from + i + 1] ?? 0;
    }
    const batch: Batch = { tokens, targets, positions, weights: new Float32Array(perBatch).fill(1) };
    const packed = trainer.shape.packed ? { ...batch, starts: new Int32Array(perBatch) } : batch;
    const losses = await trainer.losses(packed, weights);
    for (let i = 0; i < real; i++) nats += losses[i] ?? 0;
    counted += real;
  }
  return { nats, tokens: counted };
}
