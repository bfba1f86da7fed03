import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Backend, byteLengthOf, type DeviceBuffer } from '@octavo/engine';
import { z } from 'zod';
import { fail, syncFolder, writeFileAtomic } from '../core/index.js';
import { openSafetensors, writeSafetensors } from '../formats/index.js';
import { gptConfigSchema } from '../models/index.js';

const fileEntry = z.object({ bytes: z.number().int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** What a checkpoint says of itself; written last, so its presence means that all else is whole. */
const manifestSchema = z.strictObject({
  format: z.literal('octavo-checkpoint'),
  version: z.literal(1),
  /** Optimiser steps applied. */
  step: z.number().int().nonnegative(),
  model: gptConfigSchema,
  /** SHA-256 of the tokenizer that the tokens came from. */
  tokenizerHash: z.string(),
  lossScale: z.number().positive(),
  /** Steps in a row that were not applied. */
  skipped: z.number().int().nonnegative(),
  /** What else must be equal for a resume to be bit-identical: optimiser, batch, seed, machine form. */
  recipe: z.record(z.string(), z.unknown()),
  files: z.record(z.string(), fileEntry),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestHead = Omit<Manifest, 'format' | 'version' | 'files'>;

export interface Checkpoint {
  readonly folder: string;
  readonly manifest: Manifest;
}

const weightsFile = 'model.safetensors';
const optimiserFile = 'optimiser.safetensors';
const prefix = 'parameter:';
export const weightsOf = ({ folder }: Checkpoint): string => join(folder, weightsFile);
const nameOf = (step: number): string => `step-${String(step).padStart(6, '0')}`;

const hashFile = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/**
 * Saves a state as `folder/step-N`: written beside, every file synced, the manifest last, then renamed; older checkpoints
 * beyond `keep` are deleted only after that. Returns the folder. Errors: FILE_NOT_WRITTEN, the earlier checkpoints intact.
 */
export async function saveCheckpoint(
  folder: string,
  the: {
    readonly head: ManifestHead;
    readonly state: ReadonlyMap<string, DeviceBuffer>;
    readonly backend: Backend;
    readonly keep: number;
  },
): Promise<{ readonly path: string; readonly bytes: number }> {
  const path = join(folder, nameOf(the.head.step));
  const beside = `${path}.tmp-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder))
    if (name.includes('.tmp-')) rmSync(join(folder, name), { recursive: true, force: true });
  mkdirSync(beside);
  try {
    const tensors = [...the.state].map(([name, buffer]) => ({
      name,
      dtype: 'F32' as const,
      shape: buffer.type.shape,
      data: () => the.backend.bytes(buffer),
    }));
    const weights = tensors
      .filter(({ name }) => name.startsWith(prefix))
      .map((tensor) => ({ ...tensor, name: tensor.name.slice(prefix.length) }));
    await writeSafetensors(join(beside, weightsFile), weights, { format: 'pt' });
    const others = tensors.filter(({ name }) => !name.startsWith(prefix));
    if (others.length > 0) await writeSafetensors(join(beside, optimiserFile), others);
    const files = Object.fromEntries(
      [weightsFile, ...(others.length > 0 ? [optimiserFile] : [])].map((name) => [
        name,
        { bytes: statSync(join(beside, name)).size, sha256: hashFile(join(beside, name)) },
      ]),
    );
    const manifest: Manifest = { format: 'octavo-checkpoint', version: 1, ...the.head, files };
    writeFileAtomic(join(beside, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    rmSync(path, { recursive: true, force: true });
    renameSync(beside, path);
    syncFolder(dirname(path));
    const all = listCheckpoints(folder);
    for (const old of all.slice(0, -the.keep)) rmSync(join(folder, old), { recursive: true, force: true });
    return { path, bytes: Object.values(files).reduce((total, { bytes }) => total + bytes, 0) };
  } catch (cause) {
    rmSync(beside, { recursive: true, force: true });
    throw cause;
  }
}

const listCheckpoints = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^step-\d+$/.test(name))
        .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
    : [];

/** Reads and verifies one checkpoint: manifest, sizes, hashes. Errors: CHECKPOINT_CORRUPT. */
export function openCheckpoint(folder: string): Checkpoint {
  const corrupt = (what: string, cause?: unknown) =>
    fail('CHECKPOINT_CORRUPT', {
      what,
      where: folder,
      remedy: 'use an earlier checkpoint, or train again',
      ...(cause === undefined ? {} : { cause }),
    });
  let manifest: Manifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
  } catch (cause) {
    throw corrupt('its manifest.json is absent or malformed', cause);
  }
  for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
    const path = join(folder, basename(name));
    if (!existsSync(path) || statSync(path).size !== bytes)
      throw corrupt(`${name} is absent or has another size than the manifest says`);
    if (hashFile(path) !== sha256) throw corrupt(`${name} is not what was saved: its SHA-256 differs`);
  }
  return { folder, manifest };
}

/** The newest checkpoint that verifies, and what was skipped on the way to it. */
export function newestCheckpoint(folder: string): {
  readonly checkpoint: Checkpoint | undefined;
  readonly skipped: readonly string[];
} {
  const skipped: string[] = [];
  for (const name of listCheckpoints(folder).toReversed()) {
    try {
      return { checkpoint: openCheckpoint(join(folder, name)), skipped };
    } catch (error) {
      skipped.push(error instanceof Error ? error.message : name);
    }
  }
  return { checkpoint: undefined, skipped };
}

/** Fills buffers from a verified checkpoint. `names` are those to fill; all of them must be there. Errors: CHECKPOINT_CORRUPT, FILE_INVALID. */
export function restoreState({ folder }: Checkpoint, state: ReadonlyMap<string, DeviceBuffer>, backend: Backend): void {
  const weights = openSafetensors(join(folder, weightsFile));
  const optimiser = existsSync(join(folder, optimiserFile)) ? openSafetensors(join(folder, optimiserFile)) : undefined;
  try {
    for (const [name, buffer] of state) {
      const own = name.startsWith(prefix);
      const file = own ? weights : optimiser;
      const key = own ? name.slice(prefix.length) : name;
      const bytes = file?.tensors.has(key) ? file.read(key) : undefined;
      if (bytes === undefined || bytes.byteLength !== byteLengthOf(buffer.type))
        throw fail('CHECKPOINT_CORRUPT', {
          what: `tensor ${key} is absent or has another shape than the model`,
          where: folder,
          remedy: 'train again with the current configuration',
        });
      backend.write(buffer, new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4));
    }
  } finally {
    weights.close();
    optimiser?.close();
  }
}
