import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

type Numbers = readonly number[];

/** Weights and answers of a tiny model of transformers; scripts/golden/encoders.py makes them. */
export interface EncoderGolden {
  readonly parameters: Readonly<Record<string, Numbers>>;
  readonly gradients: Readonly<Record<string, Numbers>>;
  readonly loss: number;
  readonly logits: Numbers;
  /** Attention weights, [B, H, T, S] one after the other. */
  readonly attention?: Numbers;
}
export interface SequenceGolden extends EncoderGolden {
  readonly source: Numbers;
  readonly lengths: Numbers;
  readonly said: Numbers;
  readonly targets: Numbers;
  readonly weights: Numbers;
}
interface Goldens {
  readonly bert: EncoderGolden;
  readonly relu: SequenceGolden;
  readonly 'gated-gelu': SequenceGolden;
}

export const encoderGoldens = (): Goldens =>
  JSON.parse(readFileSync(fileURLToPath(new URL('./fixtures/encoders.json', import.meta.url)), 'utf8'));

/** Relative to the largest of a tensor; for the reference too, since transformers' T5 has its norm and softmax in float32. */
const bound = 2e-5;

/** Holds loss, logits and each `d.…` to transformers'. */
export function expectAsTransformers(found: Readonly<Record<string, ArrayLike<number>>>, golden: EncoderGolden): void {
  const { loss, logits, gradients } = golden;
  const named = Object.entries(gradients).map(([path, values]) => [`d.${path}`, values] as const);
  for (const [name, expected] of [['loss', [loss]], ['logits', logits], ...named] as const) {
    const values = found[name];
    expect(values, name).toHaveLength(expected.length);
    const scale = Math.max(1, ...expected.map(Math.abs));
    expected.forEach((value, i) => {
      expect(Math.abs((values?.[i] ?? Number.NaN) - value) / scale, `${name}[${i}]`).toBeLessThan(bound);
    });
  }
}
