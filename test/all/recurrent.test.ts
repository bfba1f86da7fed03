// Recurrent language models over the bytes of the Brown corpus, beside a 3-gram that counts the same bytes.
import { chooseIsa, nativeBackend, type Tensor } from '@octavo/engine';
import { expect, it } from 'vitest';
import { type RecurrentConfig, recurrentLoss, recurrentParameters } from '../../packages/octavo/src/models/index.js';
import { windowBatches } from '../../packages/octavo/src/training/index.js';
import { brownCorpus } from './support/brown.js';
import { evaluated } from './support/evaluate-model.js';
import { trainModel } from './support/train-model.js';

const backend = nativeBackend({ threads: 2, isa: chooseIsa(undefined), form: 'widened' });
const integers = (...shape: readonly number[]) => ({ dtype: 'int32', shape }) as const;
const floats = (...shape: readonly number[]) => ({ dtype: 'float32', shape }) as const;

const [sequences, length, steps] = [32, 64, 450];
const languageInputs = {
  tokens: integers(sequences, length),
  targets: integers(sequences * length),
  weights: floats(sequences * length),
};
/** Bits a byte of an interpolated 3-gram over bytes (Witten and Bell 1991), which sees the whole text before a byte. */
function trigramBits(seen: Uint8Array, unseen: Uint8Array): number {
  const tables = [0, 1, 2].map((order) => {
    const counts = new Map<number, number>();
    const contexts = new Map<number, { total: number; kinds: number }>();
    for (let i = order; i < seen.length; i++) {
      const context = seen.subarray(i - order, i).reduce((key, byte) => key * 256 + byte, 1);
      const [key, found] = [context * 256 + seen[i], contexts.get(context) ?? { total: 0, kinds: 0 }];
      const before = counts.get(key) ?? 0;
      counts.set(key, before + 1);
      contexts.set(context, { total: found.total + 1, kinds: found.kinds + Number(before === 0) });
    }
    return { counts, contexts };
  });
  let bits = 0;
  for (let i = 2; i < unseen.length; i++) {
    let probability = 1 / 256;
    tables.forEach(({ counts, contexts }, order) => {
      const context = unseen.subarray(i - order, i).reduce((key, byte) => key * 256 + byte, 1);
      const { total, kinds } = contexts.get(context) ?? { total: 0, kinds: 1 };
      probability = ((counts.get(context * 256 + unseen[i]) ?? 0) + kinds * probability) / (total + kinds);
    });
    bits -= Math.log2(probability);
  }
  return bits / (unseen.length - 2);
}

it.for(['lstm', 'gru'] as const)(
  '%s: fewer bits a byte of unseen text than a 3-gram over the same bytes',
  async (kind, { skip }) => {
    const brown = await brownCorpus();
    if (brown === undefined) return skip();
    const bytesOf = (part: 'train' | 'test') =>
      Buffer.from(brown[part].map((sentence) => sentence.map(([word]) => word).join(' ')).join('\n'));
    const need = (steps + 1) * sequences * length;
    // Every so many bytes of all genres: the 3-gram counts what the model reads once.
    const all = bytesOf('train');
    const part = Math.floor(all.length / 50);
    const seen = Buffer.concat(
      Array.from({ length: 50 }, (_, i) => all.subarray(i * part, i * part + Math.ceil(need / 50))),
    );
    const config: RecurrentConfig = {
      kind,
      vocabularySize: 256,
      width: 64,
      hidden: 192,
      layers: 1,
      tiedEmbeddings: false,
      dropout: 0,
    };
    const specs = recurrentParameters(config);
    const lossOf = (of: ReadonlyMap<string, Tensor>, { tokens, targets, weights }: Readonly<Record<string, Tensor>>) =>
      recurrentLoss(config, of, { tokens, targets, weights });
    const only = ({ tokens, targets, weights }: ReturnType<ReturnType<typeof windowBatches>>) => ({
      tokens,
      targets,
      weights,
    });
    const batchAt = windowBatches(seen, { sequences, length, seed: 1, microBatches: 1 });
    const { parameters } = await trainModel({
      backend,
      parameters: specs,
      seed: 1,
      inputs: languageInputs,
      loss: (of, inputs) => lossOf(of, inputs).loss,
      batch: (step) => only(batchAt(step)),
      steps,
      learningRate: 8e-3,
    });
    const unseen = bytesOf('test').subarray(0, 33 * sequences * length);
    const testAt = windowBatches(unseen, { sequences, length, seed: 1, microBatches: 1 });
    const batches = Array.from({ length: 32 }, (_, i) => only(testAt(i)));
    const losses = await evaluated(
      backend,
      specs,
      parameters,
      languageInputs,
      (of, inputs) => lossOf(of, inputs).losses,
      batches,
    );
    const values = losses.flatMap((found) => [...found]);
    const bits = values.reduce((sum, value) => sum + value, 0) / values.length / Math.LN2;
    const bar = trigramBits(seen, unseen);
    process.stderr.write(`${kind}: ${bits.toFixed(3)} bits a byte, 3-gram ${bar.toFixed(3)}\n`);
    // A model that remembers nothing could at best be a 2-gram: 3.55 bits where the bar is 2.98.
    expect(bits).toBeLessThan(bar - 0.04);
  },
);
