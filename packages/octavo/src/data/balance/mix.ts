/**
 * How often each group of training documents is read: shares by weight or by temperature, p ∝ n^(1/T) over bytes
 * (Conneau et al. 2020; Xue et al. 2021), and no group more often than a bound: what a bounded group leaves goes to the
 * others by their shares (as UniMax has it, Chung et al. 2023).
 */
import { z } from 'zod';
import { sha256 } from '../../project/index.js';

export const mixKeys = ['source', 'language', 'licence', 'label'] as const;
export type MixKey = (typeof mixKeys)[number];

/** Repeated more often than this, text teaches less than new text does (Muennighoff et al. 2023). */
export const worthwhileEpochs = 4;

export const mixFields = {
  by: z
    .enum(mixKeys)
    .default('source')
    .describe('What makes a group: the source, the language found, the licence, or the label.'),
  labels: z
    .string()
    .default('')
    .describe(
      'With by: label: a JSONL file with id and label, as octavo label export writes it, or project:NAME for a project of labels. Documents without one there go by labelField of their source, else they are the group unlabelled.',
    ),
  temperature: z
    .number()
    .min(1)
    .max(1000)
    .default(1)
    .describe('Shares go as bytes^(1/temperature): 1 leaves them as they are, 3.33 is that of XLM-R and mT5 (0.3).'),
  weights: z
    .record(z.string(), z.number().min(0))
    .default({})
    .describe('Shares by name instead, as parts of their sum; a group that is not named gets none.'),
  maxEpochs: z
    .number()
    .min(0.01)
    .max(100)
    .default(worthwhileEpochs)
    .describe('No group is repeated more often; above 4, repeated text teaches ever less.'),
};
export type MixRules = z.infer<z.ZodObject<typeof mixFields>>;

export interface MixedGroup {
  readonly name: string;
  readonly bytes: number;
  /** Share of the training bytes as asked for, before the bound. */
  readonly asked: number;
  /** How often each of its documents is read on average: below 1 some are left out. */
  readonly epochs: number;
}

/** Shares as asked for: by weight, else by temperature. They sum to 1, or are all 0 where no weight fits. */
export function askedShares(
  sizes: readonly (readonly [name: string, bytes: number])[],
  { temperature, weights }: Pick<MixRules, 'temperature' | 'weights'>,
): readonly number[] {
  const most = sizes.reduce((longest, [, bytes]) => Math.max(longest, bytes), 1);
  const weighted = Object.keys(weights).length > 0;
  const parts = sizes.map(([name, bytes]) => {
    if (bytes === 0) return 0;
    if (weighted) return Object.hasOwn(weights, name) ? (weights[name] ?? 0) : 0;
    return (bytes / most) ** (1 / temperature);
  });
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map((part) => (sum === 0 ? 0 : part / sum));
}

/** Epochs of each group, for as many bytes in all as there are, or fewer where every group reaches its bound. */
export function planMix(
  sizes: readonly (readonly [name: string, bytes: number])[],
  rules: Pick<MixRules, 'temperature' | 'weights' | 'maxEpochs'>,
): readonly MixedGroup[] {
  const asked = askedShares(sizes, rules);
  const epochs = sizes.map(() => 0);
  const open = new Set([...sizes.keys()].filter((at) => (asked[at] ?? 0) > 0));
  let left = sizes.reduce((total, [, bytes]) => total + bytes, 0);
  while (open.size > 0) {
    const shares = [...open].reduce((total, at) => total + (asked[at] ?? 0), 0);
    const wanted = new Map([...open].map((at) => [at, (left * (asked[at] ?? 0)) / shares / (sizes[at]?.[1] ?? 1)]));
    const bounded = [...open].filter((at) => (wanted.get(at) ?? 0) > rules.maxEpochs);
    for (const at of bounded.length === 0 ? [...open] : bounded) {
      epochs[at] = Math.min(rules.maxEpochs, wanted.get(at) ?? 0);
      open.delete(at);
      left -= (epochs[at] ?? 0) * (sizes[at]?.[1] ?? 0);
    }
  }
  return sizes.map(([name, bytes], at) => ({ name, bytes, asked: asked[at] ?? 0, epochs: epochs[at] ?? 0 }));
}

/** Copies of a document: whole epochs, and one more for a share of the documents that a hash of seed and id picks. */
export function copiesOf(id: string, epochs: number, seed: number): number {
  const whole = Math.floor(epochs);
  const drawn = Number.parseInt(sha256(`mix:${seed}:${id}`).slice(0, 13), 16) / 16 ** 13;
  return whole + (drawn < epochs - whole ? 1 : 0);
}
