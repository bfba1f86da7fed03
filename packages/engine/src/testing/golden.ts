import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A tensor of a golden file. */
export interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export interface GoldenCase {
  readonly inputs: Readonly<Record<string, Packed>>;
  readonly attributes: Readonly<Record<string, number | boolean>>;
  readonly outputs: Readonly<Record<string, Packed>>;
}

/** The cases of `ops/fixtures/<family>.json`, made in float64 by scripts/golden/ops.py and held to PyTorch there. */
export const golden = (family: string): Readonly<Record<string, GoldenCase>> =>
  JSON.parse(readFileSync(fileURLToPath(new URL(`../ops/fixtures/${family}.json`, import.meta.url)), 'utf8'));
